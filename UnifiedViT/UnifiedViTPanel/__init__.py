"""The parts of the panel in Slicer. Qt and nodes; the work itself is in `UnifiedViTLib`."""
