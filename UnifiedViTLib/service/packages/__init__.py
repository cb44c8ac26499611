"""The Python packages that the networks need: what is there, and how the rest is installed."""
