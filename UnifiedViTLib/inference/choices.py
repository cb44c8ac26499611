"""What may be chosen for the options of a run; planes are in `planes.py`. The standard library alone: Slicer reads
it when it starts."""

#: Heat maps, as in `models.explanation`, which needs torch.
METHODS = ("rollout", "relevance", "grad-cam", "hybrid")
DEFAULT_METHOD = "relevance"
#: Upscalers by name; a folder with one of one's own, or with a latent-diffusion pipeline, is given by its path.
UPSCALERS = ("learned", "lanczos")
DEFAULT_UPSCALER = "learned"
#: Regions are super-resolved where the heat map is above this quantile of the body's voxels.
QUANTILE = 0.98
