"""Which images of a folder are worth labelling next, and why."""
