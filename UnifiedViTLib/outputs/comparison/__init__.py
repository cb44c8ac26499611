"""Two segmentations of one patient held against each other: overlap, distance, growth, and where they differ."""
