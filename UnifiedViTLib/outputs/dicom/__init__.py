"""Results as DICOM, for images that came as DICOM; one file a kind of object."""
