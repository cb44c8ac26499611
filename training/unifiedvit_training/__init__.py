"""Training for UnifiedViT: from labelled images to a model that Slicer lists."""
