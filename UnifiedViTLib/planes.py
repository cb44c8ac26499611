"""Names of the planes that slices can lie in. The standard library alone."""

PLANES = ("axial", "coronal", "sagittal")
