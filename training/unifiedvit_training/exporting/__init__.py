"""From a run to a model folder that Slicer lists."""
