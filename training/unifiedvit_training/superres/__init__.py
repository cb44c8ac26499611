"""Attention-guided super-resolution: training the upscaler, measuring it, enhancing a data set with it."""
