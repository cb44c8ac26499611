"""What serves the command line and Slicer: the worker process and its client, batches, the store of models with its
cache, packages."""
