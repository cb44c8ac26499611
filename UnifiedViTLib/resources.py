"""Where `Resources/` lies: beside the library in the repository, inside it where it was installed."""

from __future__ import annotations

from pathlib import Path


def resources() -> Path:
    """The folder with models, schemas and terminology.

    Raises:
        FileNotFoundError: the installation is incomplete.
    """
    here = Path(__file__).resolve().parent
    for folder in (here / "Resources", here.parent / "Resources"):
        if (folder / "Models").is_dir():
            return folder
    raise FileNotFoundError(f"UnifiedViT's Resources folder is missing beside {here}. Install UnifiedViT again.")
