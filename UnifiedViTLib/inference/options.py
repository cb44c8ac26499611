"""What may be asked of a run, in one place for the command line, Slicer, the worker and the predictor: they are made
from the fields of `Options`. Loads the standard library and numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import Field, dataclass, field, fields
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from ..errors import DependencyError, ModelSpecError
from ..imaging.region import RegionOfInterest
from ..planes import PLANES
from ..records import Record
from ..spec import ModelSpec
from .choices import DEFAULT_METHOD, DEFAULT_UPSCALER, METHODS, QUANTILE, UPSCALERS


@dataclass(frozen=True)
class Choice:
    """How an option is offered, beside its name, default and type.

    Attributes:
        help: for the command line; "" where it is not offered there.
        slicer: whether it is offered in Slicer, in the panel and in the console.
        scene: whether it is for a scene alone, and not for a folder.
        values: all that there are; empty for any.
        metavar: stands for the value in the command line's help.
        implied: the value where the option is given without one; None where it needs one.
        parse: makes the value of the command line's text.
    """

    help: str = ""
    slicer: bool = False
    scene: bool = False
    values: tuple[str, ...] = ()
    metavar: str | None = None
    implied: str | None = None
    parse: Callable[[str], Any] | None = None


def _option(default: Any, **offered: Any) -> Any:
    return field(default=default, metadata={"choice": Choice(**offered)})


def _absolute_folder(text: str) -> str:
    """A name, or a folder, absolute: it may be read elsewhere."""
    return str(Path(text).absolute()) if Path(text).is_dir() else text


@dataclass(frozen=True)
class Options(Record):
    """How to look at an image, and what to give besides the segmentation and the diagnosis.

    Attributes:
        plane: "auto" (the model's, mostly that of the acquisition), "axial", "coronal" or "sagittal".
        tta: test-time augmentation: look at the mirror image of every slice too, and take the mean of the logits;
            twice the time.
        keep_probabilities: give `Prediction.probability_maps`.
        heatmap: give `Prediction.heatmap` by this method (`choices.METHODS`), of the slices as they are, also with
            `tta`; three times the time.
        heatmap_class: name of the class to explain; None for the diagnosed one.
        superres: give `Prediction.superres` by this upscaler (`choices.UPSCALERS`, or the path of a folder), of
            the regions that `heatmap_method` chooses for the same class.
        superres_quantile: above which regions lie, as in `super_resolution.attended_regions`.
        uncertainty: give `Prediction.uncertainty`, by further passes over every slice; the answer stays what it is
            without. Four times the time, and two passes more over volumes whose voxels are nearly cubes.
        region: what is of interest; None for all of the image. Slices that it does not touch are not looked at, and of
            what is drawn, what lies outside is left out; the slices are looked at as wholes.
        dicom: write the results of an image that came as DICOM as DICOM objects too.
    """

    plane: str = _option(
        "auto", values=("auto", *PLANES),
        help="auto: as acquired, across the largest spacing",
        slicer=True,
    )
    tta: bool = _option(
        False,
        help="test-time augmentation: the mean over slices and their mirror images; takes twice as long",
        slicer=True,
    )
    keep_probabilities: bool = _option(False, slicer=True, scene=True)
    heatmap: str | None = _option(
        None, values=METHODS, metavar="METHOD", implied=DEFAULT_METHOD,
        help="write NAME.heatmap.nrrd too: class-evidence heat map, 0-100 %%, on the input grid; takes three times as "
        f"long. {', '.join(METHODS)} (default: {DEFAULT_METHOD})",
        slicer=True,
    )
    heatmap_class: str | None = _option(
        None, metavar="NAME",
        help="with --heatmap: explain this class, whatever the diagnosis (default: the diagnosed one)",
    )
    superres: str | None = _option(
        None, metavar="UPSCALER", implied=DEFAULT_UPSCALER, parse=_absolute_folder,
        help="write NAME.superres.nrrd too: what the network attends to, four times as fine in plane, and "
        "NAME.synthetic.seg.nrrd: what of it is drawn and not measured. "
        f"{', '.join(UPSCALERS)}, or a folder with an upscaler (default: {DEFAULT_UPSCALER})",
        slicer=True,
    )
    superres_quantile: float = _option(
        QUANTILE, metavar="Q", parse=float,
        help="with --superres: choose where the attention is above this quantile of the body's voxels "
        f"(default: {QUANTILE})",
    )
    uncertainty: bool = _option(
        False,
        help="several forward passes: NAME.uncertainty.nrrd (where the outline is uncertain, in percent) and a "
        "confidence in NAME.json and NAME.html; takes four times as long",
        slicer=True,
    )
    region: RegionOfInterest | None = field(default=None, metadata={"choice": Choice()})
    dicom: bool = _option(
        False,
        help="for images that came as DICOM: write a DICOM segmentation, structured report, maps and picture too",
    )

    def plane_for(self, spec: ModelSpec) -> str:
        """The plane to look in: the one that is asked for, or else the model's."""
        return spec.plane if self.plane == "auto" else self.plane

    @property
    def heatmap_method(self) -> str | None:
        """The explanation that has to be made, for itself or to choose regions; None for none."""
        return self.heatmap or (DEFAULT_METHOD if self.superres else None)

    def torch_reason(self, spec: ModelSpec) -> str:
        """What of a run of this model needs PyTorch, even where OpenVINO is: a sentence; "" for nothing."""
        if self.heatmap:
            return "A heat map needs PyTorch, for gradients."
        if self.superres:
            return "A super-resolved volume needs PyTorch: gradients show which regions the network attends to."
        return "" if spec.graph else f"{spec.name} needs PyTorch: it has no graph that OpenVINO could run."

    def check(self, spec: ModelSpec) -> None:
        """Return if a run of this model can do it here.

        Raises:
            ModelSpecError, DependencyError: it cannot; with a sentence.
        """
        if self.dicom:
            check_highdicom()
        # Here, as they load scipy and SimpleITK, which Slicer must not wait for when it starts.
        from .backends.candidates import torch_is_there
        from .heatmap import check_heatmap
        from .superres.upscalers import check_upscaler

        if self.uncertainty and spec.multi_label:
            raise ModelSpecError(f"{spec.name} is a multi-label model; uncertainty by several passes is for models of "
                                 "one class an image. Run without it.")
        if self.heatmap_class and not self.heatmap_method:
            raise ModelSpecError(f"The class {self.heatmap_class} is to be explained, and nothing that explains was "
                                 "asked for; add --heatmap or --superres (in Python: heatmap or superres).")
        if self.heatmap_method:
            check_heatmap(self.heatmap_method, self.heatmap_class, spec)
            if not torch_is_there():
                raise DependencyError(f"{self.torch_reason(spec)} It is not installed. Install torch and timm, or run "
                                      f"without {'a heat map' if self.heatmap else 'super-resolution'}.")
        if self.superres:
            check_upscaler(self.superres)
            if not 0 <= self.superres_quantile < 1:
                raise ModelSpecError(f"A quantile of the attention is from 0 to under 1, not {self.superres_quantile}.")


def check_highdicom() -> None:
    """Return if results can be written as DICOM here.

    Raises:
        DependencyError: highdicom is missing.
    """
    if find_spec("highdicom") is None:
        raise DependencyError("Results as DICOM need the package highdicom. Install it (pip install "
                              "'unifiedvit[dicom]').")


def choices() -> Iterator[tuple[Field[Any], Choice]]:
    """Each field of `Options`, and how it is offered."""
    for one in fields(Options):
        yield one, one.metadata["choice"]
