"""From a volume to a `Prediction`: the predictor, backends, test-time augmentation, pooling of slices, heat maps,
super-resolution, uncertainty, out-of-distribution detection, warnings."""
