"""Predictions from a server: as `inference.predictor.Predictor`, and computed elsewhere. Loads without torch."""

from __future__ import annotations

import hashlib
import http.client
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from ... import __version__
from ...errors import ModelSpecError, ServerError, UnifiedViTError
from ...imaging.volume import Volume
from ...inference.channels import Images
from ...inference.options import Options
from ...inference.prediction import Prediction
from ...inference.progress import ProgressCallback
from ...spec import ModelSpec, parse_spec
from ...texts import is_plain
from ..server.spool import Unpacker
from ..server.wire import (
    ArrayHeader,
    ModelIdentity,
    check_options,
    describe_job,
    identity,
    malformed,
    version_mismatch,
)
from ..store.transfer import MirrorFailed
from ..worker.protocol import PredictRequest
from .address import ServerAddress
from .answer import array_of, check_envelope, check_prediction
from .connection import Connection, Patience
from .hiding import Aliases
from .run import COMPUTED, RemoteRun

_BLOCK = 1 << 18


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


class _Run(RemoteRun):
    """A volume, or several channels of it, to the prediction."""

    def __init__(self, address: ServerAddress, spec: ModelSpec, images: dict[str, Volume], options: Options,
                 progress: ProgressCallback, patience: Patience | None) -> None:
        super().__init__(address, images, progress, patience)
        self._spec, self._options, self._volume = spec, options, next(iter(images.values()))
        hidden_options = self.aliases.hide_options(options)
        check_options(hidden_options)
        channel, *others = self.hidden
        self._job = describe_job(PredictRequest(
            self.hidden[channel], spec, hidden_options, input_channel=channel,
            extra_channels={name: self.hidden[name] for name in others}))

    def carry_out(self) -> Prediction:
        """As of `RemotePredictor.predict`."""
        with self.finished("/v1/jobs", self._job) as (job_id, path):
            return self._fetch(path, job_id)

    def _fetch(self, path: str, job_id: str) -> Prediction:
        answer = self.connection.ask("GET", f"{path}/result")
        headers = check_envelope(answer, job_id, self._job)
        arrays: dict[str, np.ndarray] = {}
        for number, (name, header) in enumerate(headers.items()):
            self.tell(f"Fetching from {self.host}", COMPUTED + (1 - COMPUTED) * number / len(headers))
            arrays[name] = self.connection.again("GET", f"{path}/arrays/{number}",
                                                  lambda response, header=header: self._receive(response, header))
        try:
            record = self.aliases.restore(answer["prediction"])
            prediction = Prediction.from_dict(record, arrays.__getitem__, name=self._volume.name, spec=self._spec,
                                              ijk_to_ras=self._volume.ijk_to_ras)
        except (KeyError, TypeError, ValueError) as error:
            raise malformed(f"the answer: {error}") from error
        check_prediction(prediction, self._volume, self._job, self._options)
        # The server does not know a note again that came to it under an alias.
        return replace(prediction, warnings=tuple(dict.fromkeys(prediction.warnings)))

    def _receive(self, response: http.client.HTTPResponse, header: ArrayHeader) -> np.ndarray:
        """An array, if it is the one that was announced."""
        data = bytearray()
        unpacker = Unpacker(header.nbytes, data.extend)
        while block := response.read(_BLOCK):
            unpacker.feed(block)
            self.tell(f"Fetching from {self.host}")
        try:
            unpacker.finish()
        except ServerError as error:
            raise MirrorFailed("ended the connection early") from error
        if hashlib.sha256(data).hexdigest() != header.sha256:
            raise ServerError("What came from the server is damaged (its SHA-256 differs). Run again.")
        return array_of(header, data)

