"""Out-of-distribution detection: how far an image is from the training images, and whether it is rotated."""
