"""Predictions from a server: as `inference.predictor.Predictor`, and computed elsewhere. Loads without torch."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ... import __version__
from ...errors import ModelSpecError, ServerError, UnifiedViTError
from ...imaging.volume import Volume, check
from ...inference.channels import Images
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...inference.progress import ProgressCallback
from ...spec import ModelSpec, parse_spec
from ...texts import is_plain
from ..server.spool import Unpacker, pack
from ..server.wire import (
    ArrayHeader,
    ModelIdentity,
    check_options,
    describe_job,
    identity,
    malformed,
    pieces,
    read_json,
    version_mismatch,
)
from ..store.transfer import MirrorFailed
from ..worker.protocol import PredictRequest
from .address import ServerAddress
from .answer import array_of, check_envelope, check_prediction
from .connection import Connection, Patience, told_error
from .hiding import Aliases

#: Of a run, the parts that are done when the image has been sent, and when the result is there.
_SENT, _COMPUTED = 0.15, 0.9
_BLOCK = 1 << 18
#: Characters of a stage in words, and of a line of events.
_STAGE, _LINE = 200, 1 << 16


@dataclass(frozen=True)
class RemoteServer:
    """What a server says of itself: the versions of its software by package, and its models."""

    software: dict[str, str]
    specs: tuple[ModelSpec, ...]

    def find_model(self, asked: str) -> ModelSpec:
        """The server's model with this id.

        Raises:
            ModelSpecError: it has none.
        """
        for spec in self.specs:
            if spec.id == asked:
                return spec
        known = ", ".join(spec.id for spec in self.specs) or "none"
        raise ModelSpecError(f"The server has no model {asked!r}; it has {known}. Choose one of these: with --server, "
                             "models are the server's.")


def ask_server(address: ServerAddress, patience: Patience | None = None) -> RemoteServer:
    """See which software and models a server has.

    Args:
        address: of it.
        patience: with it.

    Raises:
        ServerError: it cannot be asked, or is of another version.
        ModelSpecError: a model's description is none.
    """
    connection = Connection(address, patience=patience)
    hello = connection.ask("GET", "/v1/handshake")
    version = hello.get("version") if isinstance(hello, dict) else None
    if not isinstance(version, str):
        raise malformed("the server does not tell its version")
    if version != __version__:
        raise version_mismatch(__version__, version[:40])
    software, listed = hello.get("software"), connection.ask("GET", "/v1/models")
    models = listed.get("models") if isinstance(listed, dict) else None
    if not isinstance(models, list) or not isinstance(software, dict) or not all(
            isinstance(text, str) and len(text) <= 100 and is_plain(text) for pair in software.items()
            for text in pair):
        raise malformed("the server does not tell its models and software")
    return RemoteServer(software, tuple(_spec(model, address) for model in models))


def server_job(arguments: dict[str, Any], progress: ProgressCallback) -> dict[str, Any]:
    """Ask a server what it has, as a job of the worker.

    Args:
        arguments: {"server": of `ServerAddress.to_dict`}.
        progress: told that it is asked.

    Returns:
        {"host": of the server, "models": their ids with versions}.

    Raises:
        ServerError, ModelSpecError: as of `ask_server`.
    """
    address = ServerAddress.from_dict(arguments["server"])
    progress(f"Asking {address.host}", 0.0)
    return {"host": address.host, "models": [f"{spec.id} {spec.version}" for spec in ask_server(address).specs]}


def _spec(model: Any, address: ServerAddress) -> ModelSpec:
    """A model of the server's, checked as any other; its folder is none of this computer's."""
    if not isinstance(model, dict):
        raise malformed("a model is none")
    spec = parse_spec(model.get("description"), Path(quote(address.host, safe="")))
    try:
        same = ModelIdentity.from_dict(model["identity"]) == identity(spec)
    except (KeyError, TypeError, ValueError) as error:
        raise malformed(str(error)) from error
    if not same:
        raise malformed(f"the model {spec.id} is another than its description says")
    return spec


class RemotePredictor:
    """A model that runs on a server.

    Args:
        address: of the server.
        spec: the model, as of `ask_server`.
        patience: with the server.
    """

    def __init__(self, address: ServerAddress, spec: ModelSpec, patience: Patience | None = None) -> None:
        self._address, self.spec, self._patience = address, spec, patience

    def check(self, options: Options) -> None:
        """Return if the server can run the model with these options.

        Raises:
            UnifiedViTError: it cannot, or cannot be asked; with a sentence.
        """
        hidden = Aliases().hide_options(options)
        check_options(hidden)
        content = {"model": identity(self.spec).to_dict(), "options": hidden.to_dict()}
        Connection(self._address, patience=self._patience).ask("POST", "/v1/check", content)

    def predict(self, images: Images, options: Options, progress: ProgressCallback) -> Prediction:
        """Look at a volume, or at several channels of it; as `Predictor.predict`.

        Args:
            images: as of `channels.combine_channels`; a mapping of volumes for a model of several channels.
            options: how to look, and what to give besides.
            progress: told how far it is; may raise to stop, upon which the server stops too.

        Returns:
            The prediction, on the own grid of the volume that is given first.

        Raises:
            ServerError: the server cannot be reached, refuses, or gave what is no answer to this.
            UnifiedViTError: as `Predictor.predict`.
        """
        if isinstance(images, Volume):
            images = {"": images}
        assert isinstance(images, Mapping), "of combine_channels"
        run = _Run(self._address, self.spec, {name: volume for name, volume in images.items() if volume is not None},
                   options, progress, self._patience)
        try:
            return run.carry_out()
        except UnifiedViTError as error:
            raise type(error)(run.aliases.restore_text(str(error))) from error


class _Run:
    """One run on a server, from the volume to the prediction."""

    def __init__(self, address: ServerAddress, spec: ModelSpec, images: dict[str, Volume], options: Options,
                 progress: ProgressCallback, patience: Patience | None) -> None:
        self.aliases = Aliases()
        self._host, self._spec, self._options, self._progress = address.host, spec, options, progress
        self._volume = next(iter(images.values()))
        self._fraction, self._stage = 0.0, "Waiting"
        self._connection = Connection(address, self._tell, patience)
        self._tell("Preparing")
        for volume in images.values():
            if volume.array.ndim != 3 or not volume.array.size:
                check(volume)  # says what it is
        hidden_options = self.aliases.hide_options(options)
        check_options(hidden_options)
        channel, *others = hidden = self.aliases.hide(images)
        self._arrays = [volume.array for volume in hidden.values()]
        self._job = describe_job(PredictRequest(
            hidden[channel], spec, hidden_options, input_channel=channel,
            extra_channels={name: hidden[name] for name in others}))

    def carry_out(self) -> Prediction:
        """As of `RemotePredictor.predict`."""
        begun = self._connection.ask("POST", "/v1/jobs", self._job.to_dict())
        job_id = begun.get("id") if isinstance(begun, dict) else None
        if not isinstance(job_id, str) or not 20 <= len(job_id) <= 100:
            raise malformed("the run has no name")
        path = f"/v1/jobs/{quote(job_id, safe='')}"
        try:
            self._send(path)
            self._wait(path)
            return self._fetch(path, job_id)
        finally:
            # It would end by itself when nothing is heard of this computer any more: that may fail.
            with suppress(UnifiedViTError):
                Connection(self._connection.address, patience=replace(
                    self._connection.patience, repeats=0)).ask("DELETE", path)

    def _tell(self, stage: str) -> None:
        self._progress(stage, self._fraction)

    def _send(self, path: str) -> None:
        """All volumes; where one was not taken as it came, the server says why."""
        total, done = max(1, sum(array.nbytes for array in self._arrays)), 0

        def body(array: np.ndarray, before: int) -> Iterator[bytes]:
            def counted() -> Iterator[memoryview]:
                count = before
                for piece in pieces(array):
                    count += len(piece)
                    self._fraction = _SENT * count / total
                    self._tell(f"Sending to {self._host}")
                    yield piece

            return pack(counted())

        for number, array in enumerate(self._arrays):
            self._connection.again("PUT", f"{path}/volumes/{number}", lambda response: None,
                                   partial(body, array, done), {"Content-Type": "application/octet-stream"})
            done += array.nbytes

    def _wait(self, path: str) -> None:
        """Until the run has ended; streams of events end now and then, and the next goes on."""
        self._fraction = _SENT
        while True:
            status = self._connection.again("GET", f"{path}/events", self._follow)
            if status == "done":
                self._fraction = _COMPUTED
                return

    def _follow(self, response: http.client.HTTPResponse) -> str:
        """One stream of events; gives the state at its end."""
        state = ""
        while line := response.readline(_LINE):
            if not line.startswith(b"data:"):
                if line.startswith(b":"):
                    self._tell(self._stage)
                continue
            try:
                status = read_json(line[5:])
                state, position = status["state"], int(status["position"])
                stage, fraction = str(status["stage"])[:_STAGE], float(status["fraction"])
                error = told_error(status["error"])
            except (KeyError, TypeError, ValueError) as problem:
                raise malformed("an event is none") from problem
            if state == "failed":
                raise error or malformed("a run failed for no reason")
            if state == "waiting":
                self._stage = f"Waiting on {self._host}: {position} in line"
            elif stage and is_plain(stage):
                self._stage = self.aliases.restore_text(stage)
                self._fraction = max(self._fraction, _SENT + (_COMPUTED - _SENT) * min(1.0, max(0.0, fraction)))
            self._tell(self._stage)
        if not state:
            raise MirrorFailed("ended the connection early")
        return state

    def _fetch(self, path: str, job_id: str) -> Prediction:
        answer = self._connection.ask("GET", f"{path}/result")
        headers = check_envelope(answer, job_id, self._job)
        arrays: dict[str, np.ndarray] = {}
        for number, (name, header) in enumerate(headers.items()):
            self._fraction = _COMPUTED + (1 - _COMPUTED) * number / len(headers)
            self._tell(f"Fetching from {self._host}")
            arrays[name] = self._connection.again("GET", f"{path}/arrays/{number}",
                                                  lambda response, header=header: self._receive(response, header))
        try:
            record = self.aliases.restore(answer["prediction"])
            prediction = Prediction.from_dict(record, arrays.__getitem__, name=self._volume.name, spec=self._spec,
                                              ijk_to_ras=self._volume.ijk_to_ras)
        except (KeyError, TypeError, ValueError) as error:
            raise malformed(f"the answer: {error}") from error
        check_prediction(prediction, self._volume, self._job, self._options)
        return prediction

    def _receive(self, response: http.client.HTTPResponse, header: ArrayHeader) -> np.ndarray:
        """An array, if it is the one that was announced."""
        data = bytearray()
        unpacker = Unpacker(header.nbytes, data.extend)
        while block := response.read(_BLOCK):
            unpacker.feed(block)
            self._tell(f"Fetching from {self._host}")
        try:
            unpacker.finish()
        except ServerError as error:
            raise MirrorFailed("ended the connection early") from error
        if hashlib.sha256(data).hexdigest() != header.sha256:
            raise ServerError("What came from the server is damaged (its SHA-256 differs). Run again.")
        return array_of(header, data)

