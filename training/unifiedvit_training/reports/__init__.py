"""Reports: one HTML file each, readable by itself, on a screen and on paper."""
