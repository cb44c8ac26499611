"""The predictor: a volume in, a `Prediction` out."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ..errors import DeviceError, UnsupportedImageError
from ..imaging.channels import prepare_channels
from ..imaging.preparation import PreparedVolume
from ..imaging.region import RegionOfInterest
from ..imaging.volume import Volume
from ..spec import ModelSpec
from ..versions import software_versions
from .appearance import measure_appearance
from .assembly import OutputAssembler
from .backends.agreement import SLICES
from .backends.base import Backend, OutOfMemory, Run
from .backends.candidates import torch_is_there
from .backends.selection import BackendSelector
from .backends.torch_backend import TorchBackend
from .channels import Images, order_channels
from .decision import Decision, NetworkOutput, decide
from .deduplication import deduplicate_blank_slices
from .heatmap import resample_to_volume
from .ood.statistics import load_ood_statistics
from .options import Options
from .output_check import check_finite, check_not_blank, check_outputs
from .prediction import Heatmap, Prediction, Provenance, SuperResolution
from .progress import ProgressCallback, WeightedProgress
from .region import check_region
from .superres.base import Upscaler
from .superres.super_resolution import super_resolve
from .superres.upscalers import make_upscaler
from .timing import StageTimer
from .tta import TTA_TRANSFORMS, augmented_passes, average_with_mirror
from .uncertainty import UncertaintyAccumulator, other_planes
from .warnings import collect_warnings

DEFAULT_OPTIONS = Options()
NO_MEMORY = "There is not enough memory to look at even one slice. Close other programs and run again."
#: Shown the network's input (n, channels, H, W), its mask logits (n, S + 1, H, W) and its embeddings (n, E).
BatchObserver = Callable[[np.ndarray, np.ndarray, np.ndarray], None]
#: A heat map takes so many times as long as a pass: it is one more, and back by gradients.
HEATMAP_COST = 2.3
#: And so many times as long, to draw finer what is attended to.
SUPERRES_COST = 1.6


class Predictor:
    """A model made ready once, for any number of volumes.

    Args:
        spec: the model.
        device: "auto", "cpu", "cuda" or "mps".
        batch_size: slices at a time; halved by itself when memory runs out.
        cache: folder that keeps which fast ways to compute agree with float32 here (judged on the first volume's own
            slices) and compiled networks; None: float32 without comparing.
        excluded, announce: as for `BackendSelector`: backends that ended a process that ran them, and who is told which
            one is loaded or run next.

    Raises:
        DeviceError, DependencyError, WeightsError, ModelSpecError: with a sentence that says what to do.
    """

    def __init__(self, spec: ModelSpec, device: str = "auto", batch_size: int = 8, cache: Path | None = None,
                 excluded: Mapping[str, tuple[str, str]] = MappingProxyType({}),
                 announce: Callable[[str], None] = lambda name: None) -> None:
        self.spec = spec
        self.batch_size = batch_size
        self._cache = cache
        self._excluded, self._announce = excluded, announce
        self._selector = BackendSelector(spec, device, cache, excluded, announce)
        self._ood = load_ood_statistics(spec)
        self._torch_backend: TorchBackend | None = None
        self._notes: list[str] = []

    @property
    def used_cpu_fallback(self) -> bool:
        """Whether the graphics card had not enough memory, so that the CPU is used since."""
        return bool(self._notes)

    def predict(self, images: Images, options: Options = DEFAULT_OPTIONS,
                progress: ProgressCallback = lambda stage, fraction: None) -> Prediction:
        """Look at every slice once, draw and name.

        Args:
            images: a volume: array (K, J, I), any unit, geometry in mm. For models with several channels also volumes
                by the channels' names, or in their order; None for a missing one. A volume alone is the first channel.
            options: how to look, and what to give besides.
            progress: told after every batch.

        Returns:
            The labelmap on the own grid of the volume that is given first, the diagnosis, and what made them.

        Raises:
            UnsupportedImageError: a volume is not something to look at, or they do not belong together.
            DeviceError: it does not fit into memory even one slice at a time.
            WeightsError: the network's answer is not made of numbers, or never changes.
            DependencyError: a heat map needs torch, which is not installed.
            ModelSpecError: the model cannot do what `options` ask.
            Cancelled: raised by `progress`.
        """
        options.check(self.spec)
        upscaler = make_upscaler(options.superres) if options.superres else None
        timer = StageTimer()
        progress("Preparing", 0.0)
        with timer.stage("prepare"):
            volumes, first = order_channels(images, self.spec)
            prepared = prepare_channels(volumes, self.spec.size, options.plane_for(self.spec), first, options.region)
            check_region(prepared)
        with timer.stage("select_backend"):
            self._select(prepared, progress)
        accumulator = self.uncertainty_accumulator(prepared) if options.uncertainty else None
        planes = other_planes(prepared, self.spec) if options.uncertainty else ()
        parts = WeightedProgress(progress, _costs(options, len(planes)))
        with timer.stage("resample"):
            output, seconds = self.run_network(
                prepared, parts.part("network"), tta=options.tta, keep_probabilities=options.keep_probabilities,
                accumulator=accumulator)
            timer.record("network", seconds)
        with timer.stage("decide"):
            self._selector.remember_crashes()
            decision = decide(output, prepared, self.spec)
            appearance = measure_appearance(prepared, decision.labelmap, decision.segments, self.spec)
        backend = self._selector.backend  # which explanations may replace, where memory runs out
        plane_probabilities = {}
        if planes:
            with timer.stage("other_planes"):
                plane_probabilities = self._in_planes(planes, volumes, first, options.region, parts.part("planes"))
        uncertainty = accumulator.conclude(decision, plane_probabilities) if accumulator else None
        heatmap, superres, refused = self._explain(prepared, decision, options, upscaler, timer, parts)
        progress("Done", 1.0)
        warnings = collect_warnings(prepared, self.spec, output, decision.diagnosis, decision.segments, uncertainty,
                                    decision.region)
        return Prediction(
            name=prepared.volume.name,
            spec=self.spec,
            labelmap=decision.labelmap,
            ijk_to_ras=prepared.volume.ijk_to_ras,
            diagnosis=decision.diagnosis,
            slice_probabilities=decision.slice_probabilities,
            slice_axis=(prepared.view.axes[0], prepared.view.flipped[0]),
            segments=decision.segments,
            warnings=(*warnings, *refused, *self._notes),
            provenance=self._provenance(backend, prepared.view.plane, options.tta, timer),
            probability_maps=output.percent,
            heatmap=heatmap if options.heatmap else None,
            superres=superres,
            uncertainty=uncertainty,
            geometry=prepared.volume.geometry,
            region=decision.region,
            appearance=appearance,
        )

    def run_network(
        self,
        prepared: PreparedVolume,
        progress: ProgressCallback = lambda stage, fraction: None,
        *,
        tta: bool = False,
        keep_probabilities: bool = False,
        accumulator: UncertaintyAccumulator | None = None,
        observe: BatchObserver = lambda images, masks, embeddings: None,
    ) -> tuple[NetworkOutput, float]:
        """Run the network over all slices; returns what it said, and the seconds spent in it.

        Args:
            prepared: the volume.
            progress: told after every batch.
            tta, keep_probabilities: as in `Options`.
            accumulator: of `uncertainty_accumulator`; takes in this pass and further ones.
            observe: shown every batch of slices as it was looked at, in their order.
        """
        check_not_blank(prepared)
        self._select(prepared, progress)
        run = deduplicate_blank_slices(average_with_mirror(self._run) if tta else self._run)
        run_once = deduplicate_blank_slices(self._run)
        count = len(prepared)
        assembler = OutputAssembler(prepared, self.spec, self._ood, keep_probabilities)

        def batch(start: int) -> np.ndarray:
            return prepared.inputs(start, min(start + self.batch_size, count))

        seconds, start = 0.0, 0
        ahead: Future[np.ndarray] | None = None
        behind: Future[None] | None = None
        # While the network looks at a batch, the next one is resampled and the one before brought back.
        with ThreadPoolExecutor(1, "resampling") as beside:
            while start < count:
                self._announce(self._selector.name)
                images = ahead.result() if ahead else batch(start)
                stop = start + len(images)
                ahead = beside.submit(batch, stop) if stop < count else None
                begin = time.perf_counter()
                try:
                    masks, assembler.logits[start:stop], embeddings = run(images)
                    if accumulator:
                        accumulator.add(start, masks, assembler.logits[start:stop], self._further(images, run_once))
                except OutOfMemory:
                    self._shrink(prepared, progress)
                    ahead = None
                    continue
                seconds += time.perf_counter() - begin
                if behind:
                    behind.result()
                behind = beside.submit(assembler.add, start, images, masks, embeddings)
                observe(images, masks, embeddings)
                start = stop
                progress(f"Looking at slice {stop} of {count}", stop / count)
            self._announce("")
            if behind:
                behind.result()
        return assembler.conclude(), seconds

    def uncertainty_accumulator(self, prepared: PreparedVolume) -> UncertaintyAccumulator:
        """What `run_network` is to be given for further passes: the transforms, and where torch is there the members of
        an ensemble, which OpenVINO knows as one network."""
        return UncertaintyAccumulator(self.spec, prepared, len(self.spec.members) if torch_is_there() else 0)

    def _further(self, images: np.ndarray, run: Run) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        """Mask and class logits of what `uncertainty_accumulator` promises."""
        yield from augmented_passes(images, run)
        if self.spec.members and torch_is_there():
            for masks, logits in self._in_torch().run_members(images):
                check_finite((masks, logits), self.spec)
                yield masks, logits

    def _in_planes(self, planes: tuple[str, ...], volumes: list[Volume | None], first: Volume,
                   region: RegionOfInterest | None, progress: ProgressCallback) -> dict[str, np.ndarray]:
        """The volume's probabilities (C,), looked at in other planes, by their names."""
        parts = WeightedProgress(progress, dict.fromkeys(planes, 1.0))
        probabilities = {}
        for plane in planes:
            prepared = prepare_channels(volumes, self.spec.size, plane, first, region)
            part = parts.part(plane)
            output, _ = self.run_network(prepared, partial(_tell_plane, part, plane))
            probabilities[plane] = np.array(list(decide(output, prepared, self.spec).diagnosis.probabilities.values()))
        return probabilities

    def _provenance(self, backend: Backend, plane: str, tta: bool, timer: StageTimer) -> Provenance:
        """What made a result, now that all of it is made."""
        return Provenance(
            self.spec.id,
            self.spec.version,
            self.spec.sha256,
            backend.device,
            f"{backend.name}, slices and their mirror images" if tta else backend.name,
            plane,
            timer.seconds(),
            software_versions(),
            tuple(self._selector.notes),
        )

    def _explain(self, prepared: PreparedVolume, decision: Decision, options: Options, upscaler: Upscaler | None,
                 timer: StageTimer, parts: WeightedProgress
                 ) -> tuple[Heatmap | None, SuperResolution | None, tuple[str, ...]]:
        """The heat map and the super-resolution, where they are asked for, and warnings on the latter."""
        if not options.heatmap_method:
            return None, None, ()
        with timer.stage("heatmap"):
            heatmap = self._heatmap(prepared, decision, options.heatmap_method, options.heatmap_class,
                                    parts.part("heatmap"))
        if not upscaler:
            return heatmap, None, ()
        with timer.stage("superres"):
            superres, refused = _super_resolve(prepared, heatmap, upscaler, options.superres_quantile,
                                               parts.part("superres"))
        return heatmap, superres, refused

    def _heatmap(self, prepared: PreparedVolume, decision: Decision, method: str, class_name: str | None,
                 progress: ProgressCallback) -> Heatmap:
        """Look at every slice once more, for one class alone: the diagnosed one, if none is named."""
        names = [diagnosis.name for diagnosis in self.spec.classes]
        number = names.index(class_name or decision.diagnosis.label)
        percent = np.zeros(prepared.volume.array.shape, np.uint8)
        count, start = len(prepared), 0
        while start < count:
            stop = min(start + self.batch_size, count)
            try:
                maps = self._in_torch().heatmaps(prepared.inputs(start, stop), number, method)
            except OutOfMemory:
                self._shrink(prepared, progress)
                continue
            check_finite([maps], self.spec)
            resample_to_volume(maps, decision.slice_probabilities[start:stop, number], prepared, start, percent)
            start = stop
            progress(f"Explaining slice {stop} of {count}", stop / count)
        prepared.clear_beyond_region(percent)
        return Heatmap(method, names[number], self.spec.classes[number].display, percent)

    def _in_torch(self) -> TorchBackend:
        """Torch, which alone has gradients and knows the members of an ensemble: the chosen backend, or one on the CPU
        beside it."""
        if isinstance(self._selector.backend, TorchBackend):
            return self._selector.backend
        if self._torch_backend is None:
            self._torch_backend = TorchBackend(self.spec, "cpu")
        return self._torch_backend

    def _run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return check_outputs(self._selector.run(images), images, self.spec)

    def _select(self, prepared: PreparedVolume, progress: ProgressCallback) -> None:
        """Choose the backend by slices of this volume, unless that was done."""
        if self._selector.selected:
            return
        numbers = np.unique(np.linspace(0, len(prepared) - 1, SLICES).round().astype(int))

        def comparing() -> None:
            progress("Comparing ways to compute, once on this computer", 0.0)

        comparing()
        try:
            self._selector.select(lambda: np.concatenate([prepared.inputs(n, n + 1) for n in numbers]), comparing)
        except OutOfMemory as error:
            raise DeviceError(NO_MEMORY) from error

    def _shrink(self, prepared: PreparedVolume, progress: ProgressCallback) -> None:
        """Answer to an out-of-memory: half the batch, then the CPU, then give up in words."""
        if self.batch_size > 1:
            self.batch_size //= 2
        elif self._selector.backend.device != "cpu":
            self._selector = BackendSelector(self.spec, "cpu", self._cache, self._excluded, self._announce)
            self.batch_size = 8
            self._select(prepared, progress)
            self._notes.append("The graphics card had not enough memory; the CPU was used.")
        else:
            raise DeviceError(NO_MEMORY)


def _costs(options: Options, planes: int) -> dict[str, float]:
    """How long each part of a run takes, in passes over the volume; `planes` is the number of further planes."""
    return {
        "network": 1 + len(TTA_TRANSFORMS) * options.uncertainty,
        "planes": planes,
        "heatmap": HEATMAP_COST * bool(options.heatmap_method),
        "superres": SUPERRES_COST * bool(options.superres),
    }


def _tell_plane(progress: ProgressCallback, plane: str, stage: str, fraction: float) -> None:
    progress(f"{stage}, {plane}", fraction)


def _super_resolve(prepared: PreparedVolume, heatmap: Heatmap, upscaler: Upscaler, quantile: float,
                   progress: ProgressCallback) -> tuple[SuperResolution | None, tuple[str, ...]]:
    """As `super_resolve`; where it cannot be done, None and the reason: the answers are there, and are worth more."""
    try:
        return super_resolve(prepared, heatmap, upscaler, quantile, progress), ()
    except UnsupportedImageError as error:
        return None, (str(error),)
