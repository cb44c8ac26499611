"""Hospitals that learn together: rounds of training at sites whose images stay there, weights averaged in between."""
