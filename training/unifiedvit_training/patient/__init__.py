"""The patient head: from what a run's network says of images, and metadata, to one diagnosis of a patient."""
