"""One diagnosis of a patient, from the diagnoses of the images and from metadata."""
