"""Datasets of corrected results: their commands, and the plot of how far models drift."""
