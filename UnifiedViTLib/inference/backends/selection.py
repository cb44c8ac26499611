"""Which backend: the fastest that is there, survives being tried, and gives what the float32 reference gives."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType

import numpy as np

from ...errors import DependencyError, DeviceError
from ...integrity import verify_graph
from ...spec import ModelSpec
from ...texts import error_reason
from .agreement import Agreement, Outputs, agreement, measure, test_views
from .base import Backend, OutOfMemory, UnsupportedPrecision
from .cache import DiskCache
from .candidates import BackendCandidate, find_candidates, plain_candidate, reference_candidate
from .trial import BackendCrash, try_backend

#: What may have passed by tomorrow: a process that was killed, a failure that is no crash.
_DAY_S = 86400.0
#: A reference that needs less for a slice is fast enough: a whole volume takes less than half a second, and to try a
#: faster one takes several.
FAST_S = 0.003
#: A backend whose probabilities differ by more from the reference's is named with the difference.
_WORTH_A_NOTE = 0.001
#: The kinds of end that a crash of the computing process can have, in `excluded`.
CRASHED, KILLED, HUNG = "crashed", "killed", "hung"


@dataclass(frozen=True)
class Verdict:
    """What is known of a candidate on this computer.

    Attributes:
        outcome: "compared", "unsupported", "unneeded" (the reference is fast), "crashed", "hung", "killed", "failed",
            or "trying": the mark that is written before a candidate is tried, and stays if nobody lived to take it
            away.
        reason: in words, for the user; "" where it was compared.
        agreement: with the reference, where it was compared.
        time: when it was made, seconds since 1970.
    """

    outcome: str
    reason: str = ""
    agreement: Agreement | None = None
    time: float = field(default_factory=time.time)

    @property
    def counts(self) -> bool:
        """Whether to rely on it, rather than to try again."""
        lasting = self.outcome in ("compared", "unsupported", "unneeded", CRASHED)
        return lasting or 0 <= time.time() - self.time < _DAY_S

    @property
    def passes(self) -> bool:
        """Whether the candidate may run."""
        return self.agreement is not None and self.agreement.passes

    def to_bytes(self) -> bytes:
        """For `from_bytes`."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, content: bytes | None) -> Verdict | None:
        """What `to_bytes` gave; None for nothing, or for what another version wrote."""
        try:
            fields = json.loads(content or b"")
            return cls(**fields | {"agreement": fields["agreement"] and Agreement(**fields["agreement"])})
        except (ValueError, TypeError, KeyError):
            return None


class BackendSelector:
    """The backend for a model on this computer.

    At first the reference runs, or what an earlier run found to be as good and faster; `select` tries and compares the
    rest, once for each model, version of the library and processor.

    Args:
        spec: the model.
        device: one of `base.DEVICES`; on "cuda" and "mps" the CPU stands in where they do not agree with it.
        cache: folder for verdicts and compiled networks; None for float32 alone, without comparing.
        excluded: backends by name that ended a process that ran them, and how: (`CRASHED`, `KILLED` or `HUNG`, reason
            in words).
        announce: told the name of a backend before it is loaded or run in this process, and "" afterwards: whoever
            watches this process knows by it what ended it.

    Attributes:
        backend: to be used.
        name: of that backend, as in `excluded`.
        selected: whether all that there is to compare has been compared.
        notes: which faster backends are not used and why, and by how much the one that is used may differ.

    Raises:
        DeviceError: the device is not there.
        DependencyError: no library is there that can run the model.
        WeightsError, ModelSpecError: the model's files are not as they should be.
    """

    def __init__(self, spec: ModelSpec, device: str, cache: Path | None,
                 excluded: Mapping[str, tuple[str, str]] = MappingProxyType({}),
                 announce: Callable[[str], None] = lambda name: None) -> None:
        self._spec, self._cache, self._excluded = spec, DiskCache(cache, spec), dict(excluded)
        self._announce = announce
        if spec.graph is not None:
            verify_graph(spec)  # now, and not in the middle of the first volume
        everything = find_candidates(spec, device)
        candidates = [one for one in everything if one.name not in self._excluded]
        self._crashed = [one for one in everything if self._excluded.get(one.name, ("",))[0] == CRASHED]
        choose = plain_candidate if cache is None else reference_candidate
        # What was ended from outside need not end so again: better than nothing.
        reference = choose(candidates) or choose([
            one for one in everything if self._excluded.get(one.name, ("",))[0] == KILLED])
        if reference is None:
            raise DeviceError(
                f"{spec.name} cannot be run on this computer. {' '.join(self._exclusion_notes(''))} Close other "
                "programs, update the packages that run networks, or choose another model."
            )
        self._reference = reference
        self._candidates = [one for one in candidates if one != self._reference] if cache else []
        self._load_known()

    def select(self, images: Callable[[], np.ndarray], waiting: Callable[[], None] = lambda: None) -> None:
        """Try the faster candidates, the fastest first, until one agrees with the reference. Where the reference is
        fast itself (`FAST_S`), other ways for the CPU are not tried.

        Args:
            images: gives slices (n, channels, H, W) of a volume that is to be looked at.
            waiting: called now and then while a candidate is tried; may raise to stop.

        Raises:
            OutOfMemory: not even the reference has room for one slice.
        """
        reference: tuple[np.ndarray, Outputs] | None = None
        fast = False
        with self._cache.lock(waiting):
            self.selected, self.notes = True, self._exclusion_notes(self._reference.name)
            for candidate in self._candidates:
                verdict = self._verdict(candidate)
                if verdict is None:
                    if reference is None:
                        views = test_views(images())
                        self._announce(self.name)
                        reference = views, measure(self, views)
                        fast = _seconds_a_slice(self.backend, views) < FAST_S
                        self._announce("")
                    if fast and candidate.device == "cpu":  # kept: a later run that is slower must not answer otherwise
                        self._keep(candidate, Verdict("unneeded"))
                        continue
                    verdict = self._try(candidate, *reference, waiting)
                if self._load(candidate, verdict):
                    return

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """What the backend gives for images, as of `Backend.run`.

        Raises:
            OutOfMemory: try a smaller batch.
            DependencyError: OpenVINO, which alone is here, cannot run the model on this processor.
        """
        try:
            return self.backend.run(images)
        except RuntimeError as error:
            if self.name != self._reference.name or self._reference.library != "OpenVINO":
                raise  # it ran here before: not the processor's fault
            raise self._refusal(error) from error

    def remember_crashes(self) -> None:
        """Keep what crashed, now that another backend has run through: a fault in the code for this processor will be
        there tomorrow."""
        for candidate in self._crashed:
            self._keep(candidate, Verdict(CRASHED, self._excluded[candidate.name][1]))
        self._crashed = []

    def _load_known(self) -> None:
        """Load the first candidate that has passed, or the reference; `selected` is False if one before it has no
        verdict."""
        self.notes, self.selected = self._exclusion_notes(self._reference.name), True
        for candidate in self._candidates:
            verdict = self._verdict(candidate)
            if verdict is None:
                self.selected = False
                break
            if self._load(candidate, verdict):
                return
        self._create_reference()

    def _create_reference(self) -> None:
        """The last resort: what it cannot do, no other can."""
        try:
            self._create(self._reference)
        except (RuntimeError, ImportError) as error:
            if isinstance(error, ImportError) and self._reference.library == "torch":
                raise  # the worker says in which Python it is missing
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> DependencyError:
        """That the reference cannot run the model at all."""
        instead = "Install torch and timm" if self._reference.library == "OpenVINO" else "Update the package"
        return DependencyError(f"{self._reference.name} cannot run {self._spec.name} on this computer "
                               f"({error_reason(error)}). {instead}, or choose another model.")

    def _exclusion_notes(self, reference: str) -> list[str]:
        """What is said of excluded backends; `reference` is the name of the one that runs at the worst."""
        return [f"{name} was {'used again, as there was no other' if name == reference else 'not used'}: {reason}."
                for name, (_, reason) in self._excluded.items()]

    def _verdict(self, candidate: BackendCandidate) -> Verdict | None:
        """What is known, as far as it is to be relied on."""
        verdict = Verdict.from_bytes(self._cache.read(*candidate.key))
        return verdict if verdict is not None and verdict.counts else None

    def _try(self, candidate: BackendCandidate, views: np.ndarray, expected: Outputs,
             waiting: Callable[[], None]) -> Verdict:
        """Try a candidate in a child process and keep the verdict."""
        self._keep(candidate, Verdict("trying", "an earlier trial did not come to its end"))
        try:
            outputs = try_backend(candidate, self._spec, self._cache, views, waiting)
            verdict = Verdict("compared", agreement=agreement(outputs, expected, self._spec))
        except UnsupportedPrecision:
            verdict = Verdict("unsupported")
        except BackendCrash as crash:
            verdict = Verdict(crash.outcome, str(crash))
        except (OutOfMemory, DeviceError, OSError) as error:  # another run may have more room
            self._cache.remove(*candidate.key)
            return Verdict("failed", _failure(error))
        except (DependencyError, RuntimeError) as error:
            verdict = Verdict("failed", _failure(error))
        except BaseException:  # stopped: nothing is known
            self._cache.remove(*candidate.key)
            raise
        return self._keep(candidate, verdict)

    def _keep(self, candidate: BackendCandidate, verdict: Verdict) -> Verdict:
        self._cache.write(verdict.to_bytes(), *candidate.key)
        return verdict

    def _load(self, candidate: BackendCandidate, verdict: Verdict) -> bool:
        """Make a candidate the backend, if its verdict is good; else note why not."""
        compared = verdict.agreement
        if compared is None or not verdict.passes:
            if reason := verdict.reason or str(verdict.agreement or ""):
                self.notes.append(f"{candidate.name} was not used: {reason}.")
            return False
        try:
            self._create(candidate)
        except (UnsupportedPrecision, DeviceError, ImportError, OutOfMemory, RuntimeError) as error:
            self.notes.append(f"{candidate.name} was not used: {_failure(error)}.")
            return False
        if compared.max_difference > _WORTH_A_NOTE:
            self.notes.append(f"{candidate.name} was used: {compared}.")
        return True

    def _create(self, candidate: BackendCandidate) -> None:
        self._announce(candidate.name)
        self.backend: Backend = candidate.create(self._spec, self._cache)
        self._announce("")
        self.name = candidate.name


def _seconds_a_slice(backend: Backend, images: np.ndarray) -> float:
    """Of a backend that has run before, on the first eight of images (n, channels, H, W)."""
    batch = images[:8]
    start = time.perf_counter()
    measure(backend, batch)
    return (time.perf_counter() - start) / len(batch)


def _failure(error: Exception) -> str:
    """Why a backend failed, in words."""
    return "out of memory" if isinstance(error, OutOfMemory) else error_reason(error)
