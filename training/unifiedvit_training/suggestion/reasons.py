"""Why an image is worth labelling, in words."""

from __future__ import annotations

from UnifiedViTLib.inference.warnings import needs_review
from UnifiedViTLib.spec import ModelSpec
from UnifiedViTLib.texts import percents

from .examination import Examination
from .selection import Choice

#: Names of the parts of a score, as of `selection.Scores`.
DIAGNOSIS, MASK, OOD = "diagnosis", "mask", "ood"
#: Of the images of the folder, this share is told to be among the most; an expected Dice below this is said.
_FOREMOST, _UNSURE_DICE = 0.75, 0.7


def score_parts(examination: Examination) -> dict[str, float]:
    """What speaks for labelling an image, larger where more does; NaN for what is not known.

    Args:
        examination: of the image.
    """
    score = examination.ood_score
    return {DIAGNOSIS: 1 - examination.margin, MASK: 1 - examination.mask_confidence,
            OOD: float("nan") if score is None else score}


def reasons(examination: Examination, ranks: dict[str, float], choice: Choice, spec: ModelSpec) -> tuple[str, ...]:
    """Why an image was chosen, at least one reason.

    Args:
        examination: of the image.
        ranks: of its parts among the images of the folder, 0 to 1.
        choice: of `selection.weighted_k_centre`.
        spec: the model.
    """
    is_unsure = needs_review(spec, examination.diagnosis.certainty, looked_again=False)
    words = {
        DIAGNOSIS: (is_unsure, _diagnosis(examination, spec)),
        MASK: (examination.drawn and examination.mask_confidence < _UNSURE_DICE, _mask(examination)),
        OOD: (examination.is_ood, _ood(examination)),
    }
    told = ["mask and diagnosis contradict each other"] if examination.contradictory else []
    told += [sentence for applies, sentence in words.values() if applies]
    if choice.novelty is not None and choice.novelty >= _FOREMOST:
        told.append("unlike what is labelled or suggested so far")
    if not told:
        told.append(words[max(ranks, key=ranks.__getitem__)][1])
    return tuple(told)


def _diagnosis(examination: Examination, spec: ModelSpec) -> str:
    diagnosis, names = examination.diagnosis, {c.name: c.display for c in spec.classes}
    if diagnosis.thresholds is not None:
        name = diagnosis.label
        sure, enough = percents(diagnosis.probability, diagnosis.thresholds[name])
        return f"diagnosis unsure: {names[name]} {sure}, found from {enough} on"
    likeliest = sorted(diagnosis.probabilities.items(), key=lambda item: -item[1])[:2]
    return "diagnosis unsure: " + ", ".join(f"{names[name]} {probability:.0%}" for name, probability in likeliest)


def _mask(examination: Examination) -> str:
    if not examination.drawn:
        return f"nothing drawn, with a confidence of {examination.mask_confidence:.0%}"
    return f"outline unsure: expected Dice {examination.mask_confidence:.2f}"


def _ood(examination: Examination) -> str:
    return f"unlike the training images: OOD score {examination.ood_score or 0:.2f}, where 1 is the limit"
