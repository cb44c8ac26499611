"""The question before the first use of weights that are not for every purpose."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.licences import NON_COMMERCIAL, licence_conditions

from .texts import asShown


def mayBeUsed(spec):
    """Whether a model may run: asked once where its weights are for non-commercial use, and again if their licence
    changes. The answer is kept in the application's settings."""
    if NON_COMMERCIAL not in licence_conditions(spec.licence):
        return True
    settings, key = slicer.app.userSettings(), f"UnifiedViT/NonCommercialUse/{spec.id}"
    if settings.value(key) == spec.licence:
        return True
    question = _("The weights of {model} may be used for non-commercial purposes alone: {licence}.\n\n"
                 "Use them for such a purpose? You are asked once.")
    if not slicer.util.confirmOkCancelDisplay(asShown(question.format(model=spec.name, licence=spec.licence)),
                                              windowTitle=_("UnifiedViT")):
        return False
    settings.setValue(key, spec.licence)
    return True
