"""From a volume to a `Prediction`: backends, pooling of slices, the predictor."""
