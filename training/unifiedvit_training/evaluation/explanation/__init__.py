"""Explanations: how far a heat map can be trusted."""
