"""Attention-guided super-resolution: which regions, by which upscaler."""
