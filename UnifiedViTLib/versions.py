"""Versions of what a result depends on, and of models."""

from __future__ import annotations

import platform
from importlib.metadata import PackageNotFoundError, version

from . import __version__


def software_versions() -> dict[str, str]:
    """By package: this library, Python, and what networks and images need; without those that are not here."""
    versions = {"unifiedvit": __version__, "python": platform.python_version()}
    for package in ("torch", "timm", "openvino", "numpy", "scipy", "SimpleITK", "safetensors", "pydicom",
                    "highdicom"):
        try:
            versions[package] = version(package)
        except PackageNotFoundError:  # a Slicer build may bundle a package without its metadata
            continue
    return versions


def version_numbers(version: str) -> list[int]:
    """The numbers of a version "1.10.0", by which versions are sorted."""
    return [int(part) for part in version.split(".")]


def is_newer(version: str, than: str) -> bool:
    """Whether a version "1.10.0" is above another."""
    return version_numbers(version) > version_numbers(than)
