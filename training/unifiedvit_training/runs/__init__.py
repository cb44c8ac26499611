"""A run on disk: its project file, its checkpoints, its network, and the model folder made of it."""
