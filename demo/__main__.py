"""Fetch a real brain MR, run `unifiedvit predict` on it, and put the same result into an MRML scene.

    python -m demo [--model ID|FOLDER] [SAMPLE ...]
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import numpy as np
import SimpleITK as sitk

from UnifiedViTLib import cli
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.slicing import slice_view
from UnifiedViTLib.native import c_numeric_locale, native_path
from UnifiedViTLib.outputs.headlines import amount
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

from .samples import SampleError, fetch_first

OUTPUT = Path("demo-output")


def main() -> int:
    """Run the demonstration; returns an exit code."""
    parser = argparse.ArgumentParser(prog="python -m demo", description=(__doc__ or "").split("\n")[0])
    parser.add_argument("samples", nargs="*", metavar="SAMPLE", help="to try first; then brain1, mni152")
    parser.add_argument("--model", default=DEFAULT_MODEL, help="a model's id or folder (default: %(default)s)")
    options = parser.parse_args()
    try:
        name, image, mask = fetch_first([*options.samples, "brain1", "mni152"])
    except SampleError as error:
        print(f"No sample volume could be fetched: {error}", file=sys.stderr)
        return 1
    print(f"Sample: {name} ({image})")
    code = cli.main(["predict", str(image), "--output", str(OUTPUT), "--model", options.model])
    if code:
        return code
    stem = image.name.split(".")[0]
    result = json.loads((OUTPUT / f"{stem}.json").read_text(encoding="utf-8"))
    print("\nDiagnosis")
    for label, probability in result["diagnosis"]["probabilities"].items():
        print(f"  {label:12s} {probability:6.1%}  {'#' * round(40 * probability)}")
    for segment in result["segments"]:
        print(f"Segment     {segment['name']}: {amount(segment)}")
    if mask:
        drawn = sitk.GetArrayFromImage(_read_image(OUTPUT / f"{stem}.seg.nrrd")) > 0
        reference = _read_image(mask)
        truth = sitk.GetArrayFromImage(reference) > 0
        dice = 2 * np.count_nonzero(drawn & truth) / max(1, np.count_nonzero(drawn) + np.count_nonzero(truth))
        voxel = np.prod(reference.GetSpacing()) / 1000
        print(f"Dice        {dice:.3f} against the mask that comes with the sample ({truth.sum() * voxel:.2f} mL)")
    print(f"Time        {result['timings_s']['total']:.1f} s on {result['device']} ({result['backend']})")
    try:
        from .scene import save_scene
    except ImportError as error:
        print(f"Scene       not written: slicer-core cannot be loaded here ({error})")
    else:
        in_scene = save_scene(image, find_model(options.model), OUTPUT / f"{stem}.mrb")
        drawn = sitk.GetArrayFromImage(_read_image(OUTPUT / f"{stem}.seg.nrrd"))
        same = np.array_equal(in_scene, slice_view(read(image), "axial").of(drawn))
        print(f"Scene       {OUTPUT / f'{stem}.mrb'} (volume, segmentation and diagnosis; open in Slicer); "
              f"its mask is {'the same as' if same else 'NOT the same as'} the file's")
    print(f"Picture     {OUTPUT / f'{stem}.png'}; as a page: {OUTPUT / f'{stem}.html'}")
    print(f"Files       {OUTPUT / f'{stem}.seg.nrrd'}, {OUTPUT / f'{stem}.json'}, {OUTPUT / 'results.csv'}")
    return 0


def _read_image(path: Path) -> sitk.Image:
    with c_numeric_locale():
        return sitk.ReadImage(native_path(path))


if __name__ == "__main__":
    sys.exit(main())
