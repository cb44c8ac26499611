"""What the combo boxes of the panel offer, and a model's metrics, in words."""

from __future__ import annotations

from slicer.i18n import tr as _


def planeChoices():
    """Words by plane."""
    return {"auto": _("as acquired (across the largest spacing)"), "axial": _("axial"), "coronal": _("coronal"),
            "sagittal": _("sagittal")}


def upscalerChoices():
    """Words by what the super-resolved volume is made with, as `UnifiedViTLogic.process` takes it."""
    return {"": _("none"), "learned": _("what is attended to, by the learned upscaler (synthetic)"),
            "lanczos": _("what is attended to, by Lanczos interpolation")}


def deviceChoices(devices, auto):
    """Words by type of device; arguments as of `SetupView.devices`."""
    words = {name: f"{name}: {described}" if described else name for name, described in devices.items()}
    return {"auto": _("auto: {device}").format(device=devices[auto]) if auto else _("auto")} | words


def heatmapChoices(spec):
    """Words by class of the model (None: no model) that there can be a heat map of."""
    return {"": _("none"), "auto": _("of what speaks for the diagnosis")} | {
        one.name: _("for {diagnosis}").format(diagnosis=one.display) for one in (spec.classes if spec else ())}


def metricsInWords(result):
    """A few of a model's metrics on one set of data: those that have words here, else the first ones by name."""
    labels = {
        "lesion_type_accuracy": _("kind of lesion right"), "accuracy": _("accuracy"), "macro_auc": _("AUC"),
        "macro_f1": _("F1"), "exact_match": _("all findings right"), "dice": _("Dice"),
        "diagnosis": _("diagnosis right"), "findings": _("each finding right"), "detected": _("lesions found"),
        "empty": _("healthy slices left empty"), "false_components": _("false pieces"),
    }
    shown = [f"{words} {result.metrics[name]:.2f}" for name, words in labels.items()
             if isinstance(result.metrics.get(name), (int, float))]
    return ", ".join(shown[:5]) or ", ".join(f"{name} {value}" for name, value in list(result.metrics.items())[:5])
