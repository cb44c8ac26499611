"""The question before the first use of weights that are not for every purpose."""

from __future__ import annotations

import slicer
from slicer.i18n import tr as _

from UnifiedViTLib.licences import NON_COMMERCIAL, licence_conditions

from .texts import asShown


def isAgreedTo(spec):
    """Whether nobody need be asked before a model runs."""
    return (NON_COMMERCIAL not in licence_conditions(spec.licence)
            or slicer.app.userSettings().value(_key(spec)) == spec.licence)


def mayBeUsed(spec):
    """Whether a model may run: asked once where its weights are for non-commercial use, and again if their licence
    changes. The answer is kept in the application's settings."""
    if isAgreedTo(spec):
        return True
    question = _("The weights of {model} may be used for non-commercial purposes alone: {licence}.\n\n"
                 "Use them for such a purpose? You are asked once.")
    if not slicer.util.confirmOkCancelDisplay(asShown(question.format(model=spec.name, licence=spec.licence)),
                                              windowTitle=_("UnifiedViT")):
        return False
    slicer.app.userSettings().setValue(_key(spec), spec.licence)
    return True


def _key(spec):
    return f"UnifiedViT/NonCommercialUse/{spec.id}"
