"""How well a network does: metrics, intervals, calibration, whole volumes, comparison of two."""
