"""Corrections from files: a result's JSON, and the mask that somebody made of its segmentation."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ...errors import UnsupportedImageError
from ...imaging.reading import read
from ...names import patient_key
from ..comparison.reading import read_segmentation
from ..manifest import is_written, read_result
from ..reuse import changed_inputs
from .correction import Correction, Proposal


def read_correction(result: Path, mask: Path | None, label: str | None, reviewer: str, patient: str = ""
                    ) -> Correction:
    """Read a result, the image that it is of, and the corrected mask.

    Args:
        result: NAME.json, with its manifest.
        mask: the corrected segmentation: `.seg.nrrd` with the model's names, or a label map with their numbers; None:
            that of the result, as it is now.
        label, reviewer: as of `Correction`.
        patient: tells patients apart; "": by the PatientID of DICOM images, for others by the image's folder.

    Raises:
        UnsupportedImageError: something is missing or does not fit, with a sentence that says what to do.
    """
    as_drawn = read_segmentation(result)
    found = read_result(result)
    if found is None:
        raise UnsupportedImageError(f"{result.name} is no result of UnifiedViT with its manifest. Give a NAME.json "
                                    "that `unifiedvit predict` wrote.")
    document, manifest = found
    if manifest.request.channels:
        raise UnsupportedImageError(f"{result.name} is of several sequences: a dataset of corrections holds images of "
                                    "one alone. Write the table by hand (training/README.md, Several sequences).")
    changed = changed_inputs(manifest)
    if changed:
        raise UnsupportedImageError(f"{changed}, which {result.name} is of, has gone or was changed since. Put it "
                                    "back, or run again.")
    source = Path(manifest.request.source)
    volume = read(source)
    proposed = Correction(volume.array, volume.ijk_to_ras, as_drawn, Proposal.from_result(document, None), label,
                          reviewer, patient, geometry=volume.geometry)
    is_as_drawn = all(is_written(result.parent, file) for file in manifest.outputs if file.name.endswith(".seg.nrrd"))
    drawn = read_segmentation(mask) if mask else as_drawn
    if drawn.origin.image_ids and not {*drawn.origin.image_ids} & {*as_drawn.origin.image_ids}:
        raise UnsupportedImageError(f"{drawn.name} is the segmentation of another image ({drawn.origin.image}) than "
                                    f"{result.name} ({as_drawn.origin.image}), as its manifest says. Give the one of "
                                    "this image.")
    return replace(
        proposed, drawn=drawn,
        proposal=replace(proposed.proposal, labelmap=proposed.labelmap() if is_as_drawn else None),
        patient=patient_key(patient) or as_drawn.origin.patient_id or patient_key(str(source.resolve().parent)),
    )
