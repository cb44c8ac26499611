"""Robustness: metrics under corruptions of the images."""
