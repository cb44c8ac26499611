"""Parts of file names that the readers of data know."""

#: What Slicer adds to the name of an image for its segmentation, before the file's ending.
SEGMENTATION = ".seg"
