"""A `Prediction` into what people read: MRML nodes, files, pictures."""
