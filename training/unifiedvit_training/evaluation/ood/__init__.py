"""Out-of-distribution detection: fitted, and measured on images that a model does not know."""
