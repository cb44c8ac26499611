"""What serves the command line and Slicer: finding models."""
