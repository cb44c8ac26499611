"""DICOM: what a file says of itself, its frames in order, their pixels."""
