"""The backends, which run the network: PyTorch or OpenVINO, which of them, in which precision, and how far to trust the
choice."""
