"""How well a network does: figures, intervals, calibration, whole volumes, comparison of two."""
