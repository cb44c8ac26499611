"""Sentences of the library in the language of the application, at the place where the panel shows them.

The library speaks English, and so do logs and the files that it writes. Only what most runs show is translated: stages,
warnings, the badge. What is not in the catalogue stays as it is.
"""

from __future__ import annotations

import re
from functools import cache

from slicer.i18n import tr


def inWords(text):
    """A text of the library, translated if the catalogue has it; what fills its gaps likewise."""
    for pattern, template in _catalogue():
        if found := pattern.fullmatch(text):
            return template.format(**{name: inWords(value) for name, value in found.groupdict().items()})
    return text


@cache
def _catalogue():
    """Pairs of a pattern of the English sentence and its translation. Slicer's language changes at a restart alone."""
    return [(_pattern(template), translation)
            for template, translation in zip(_templates(str), _templates(tr), strict=True) if template != translation]


def _pattern(template):
    parts = re.split(r"\{(\w+)\}", template)  # words and names of gaps by turns
    return re.compile("".join(f"(?P<{part}>.+?)" if n % 2 else re.escape(part) for n, part in enumerate(parts)), re.S)


def _templates(_):
    """The catalogue: each sentence as `_` makes it. `slicer.i18n.tr` takes this file for its context."""
    return (
        # Stages
        _("{number} of {count}, {name}: {stage}"), _("Loading the model"), _("Preparing"),
        _("Looking at slice {slice} of {count}"),
        _("Explaining slice {slice} of {count}"), _("Super-resolution, region {region} of {count}"),
        _("Comparing ways to compute, once on this computer"), _("Laying the segmentations over each other"),
        _("Comparing {name}"), _("Reading the DICOM images"), _("Making DICOM objects"), _("Writing DICOM objects"),
        _("Asking {place}"), _("Sending to {place}"), _("Waiting on {place}: {number} in line"),
        _("Fetching from {place}"), _("Reading the result"),
        # Adaptation
        _("Loading the training package"), _("Preparing the cases"), _("Learning: epoch {number} of {count}"),
        _("Evaluating"), _("Evaluating whole volumes"), _("Evaluating on the reference"),
        _("Comparing the two models"), _("Writing the model"),
        # Installation
        _("Installing PyTorch"), _("Installing packages"), _("Looking for the build that fits the GPU"),
        _("Looking for packages"), _("Fetching packages"), _("Trying the packages"), _("Putting packages in place"),
        # Sequences, sizes, orientation
        _("A 2-D image tells neither its orientation nor its thickness: sizes are not known, no volumes in mL are "
          "given."),
        _("The image does not tell the size of its voxels: sizes are not known, no volumes in mL are given."),
        _("The image does not tell how its axes lie in the patient: right and left may be exchanged, and slices "
          "turned. Compare them with the original."),
        _("The image is much coarser than what the model was trained on; small findings cannot be seen."),
        _("Without {channels}: the model was not given all that it can use."),
        _("Without {channels}: the model was not given all that it can use. Whether it was trained on such images is "
          "not judged."),
        _("The slices are shifted against each other by up to {distance} mm (a gantry tilted by {degrees}°): the "
          "volume was corrected to right angles."),
        _("The slices are not quite evenly spaced: positions may be off by up to {distance} mm."),
        # Images that the model does not know
        _("The image says that it is {modality}; this model knows {expected}. Do not rely on the answer."),
        _("Air has negative values, as in CT (Hounsfield units); this model knows {expected}. Do not rely on the "
          "answer."),
        _("{name} has only {count} different values: a mask or a label map, not a scan. Check that the right file was "
          "loaded."),
        _("The image does not look like what the model was trained on ({where} further from the training images than "
          "99% of the images kept for validation). Do not rely on the answer."),
        _("it lies"), _("{share} of its slices lie"),
        _("The image seems to be {rotation}: put right, it would look more like what the model was trained on. Check "
          "its orientation."),
        _("upside down"), _("turned to the right"), _("turned to the left"),
        # Doubtful answers
        _("uncertain — review"),
        _("The diagnosis is never to be taken without a reader: of this model's answers to the images that it was "
          "judged on, too many were wrong, however sure it was. Review it."),
        _("The diagnosis is uncertain ({probability} {meaning}, under {threshold}): review it."),
        _("confidence over all passes"), _("for the likeliest class"),
        _("The two answers contradict each other: the diagnosis is {diagnosis}, yet {region} is drawn."),
        _("a region"), _("nothing"),
        _("The two answers contradict each other: {finding} found, yet {segment} is not drawn."),
        _("The two answers contradict each other: {segment} is drawn, yet {finding} is not found."),
        _("Uncertain, as close to the threshold: {findings}. Review it."),
        # A result of the scene
        _("The segments were changed since the run: amounts and sentences are of what the model drew, outlines as they "
          "are now."),
        _("The volume and its segmentation were moved apart since the run: outlines lie beside what they outline. "
          "Move both alike, or run again."),
        _("The volume was moved or resized since the run: places and sizes in words are as they were then."),
        _("The volume has gone, or no longer has the voxels that were looked at: it was changed, or its sequence shows "
          "another item. The result is of what it was; a report has no pictures."),
        # A patient
        _("Metadata changed the diagnosis: from the images alone it would be {diagnosis}."),
        _("The images contradict each other: {diagnoses}."),
        _("The patient's diagnosis is uncertain ({diagnosis}, under {threshold}): review it."),
    )
