"""A real server of `unifiedvit serve` in a process of its own, and what tests say to it past its client."""

from __future__ import annotations

import http.client
import json
import os
import re
import subprocess
import sys
import threading
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
from workers import wait_for

from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.service.remote.address import ServerAddress
from UnifiedViTLib.service.remote.hiding import Aliases
from UnifiedViTLib.service.server.keys import Keys
from UnifiedViTLib.service.server.wire import describe_job
from UnifiedViTLib.service.worker.protocol import PredictRequest
from UnifiedViTLib.spec import ModelSpec

ROOT = Path(__file__).resolve().parents[1]
#: Runs `serve` with limits that no option changes: a test waits for seconds at most.
_WITH_LIMITS = (
    "import json, sys; from pathlib import Path; from UnifiedViTLib.service.server.limits import Limits; "
    "from UnifiedViTLib.service.server.serve import ServerSettings, serve; from UnifiedViTLib.spec import load_spec; "
    "model, keys, limits = sys.argv[1:]; "
    "serve([load_spec(model)], ServerSettings(Path(keys), port=0, device='cpu', limits=Limits(**json.loads(limits))))"
)


@dataclass
class RunningServer:
    """A server that listens.

    Attributes:
        url: of it.
        keys: the file with its keys; `key` is one.
        temporary: where its temporary files lie.
        process: of it.
        log: what it printed so far.
    """

    url: str
    keys: Path
    key: str
    temporary: Path
    process: subprocess.Popen
    log: list[str] = field(default_factory=list)

    @property
    def address(self) -> ServerAddress:
        return ServerAddress(self.url, self.key)

    def ask(self, method: str, path: str, body: Any = None, key: str | None = "", **headers: str
            ) -> tuple[int, dict[str, str], bytes]:
        """Status, header and body of an answer to a request as somebody else's program would write it."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=30)
        sent = dict(headers) if key is None else {"Authorization": f"Bearer {key or self.key}", **headers}
        connection.request(method, path, body if isinstance(body, bytes) else json.dumps(body), sent)
        answer = connection.getresponse()
        try:
            return answer.status, dict(answer.headers), answer.read()
        finally:
            connection.close()

    def told(self, method: str, path: str, body: Any = None) -> tuple[int, str]:
        """Status and sentence of a refusal."""
        status, _, text = self.ask(method, path, body)
        return status, json.loads(text)["text"]

    def files(self) -> list[Path]:
        """All that lies in its folders for jobs."""
        (spool,) = self.temporary.glob("unifiedvit-server-*")
        return [path for path in spool.rglob("*") if path.name not in ("lock", "temporary")]

    def begin(self, volume: Volume, spec: ModelSpec, options: Options | None = None) -> str:
        """Begin a job, past the client; gives its path."""
        status, _, text = self.ask("POST", "/v1/jobs", job_of(volume, spec, options))
        assert status == 201, text
        return f"/v1/jobs/{json.loads(text)['id']}"

    def send(self, path: str, volume: Volume) -> int:
        """Send its voxels; gives the status."""
        return self.ask("PUT", f"{path}/volumes/0", zlib.compress(volume.array.tobytes()))[0]


def job_of(volume: Volume, spec: ModelSpec, options: Options | None = None) -> dict[str, Any]:
    """What a client says of a job."""
    (hidden,) = Aliases().hide({"": volume}).values()
    return json.loads(json.dumps(describe_job(PredictRequest(hidden, spec, options or Options())).to_dict()))


@contextmanager
def running_server(folder: Path, spec: ModelSpec, *options: str, **limits: float) -> Iterator[RunningServer]:
    """A server of one model until the block ends.

    Args:
        folder: of its keys and temporary files.
        spec: the model.
        options: of `unifiedvit serve`; with them it is started by that, else with `limits`.
        limits: other than the usual ones.
    """
    temporary, keys = folder / "temporary", folder / "keys.json"
    temporary.mkdir(exist_ok=True)
    key = Keys(keys).add(f"tester{len(Keys(keys).names)}")
    command = ["-m", "UnifiedViTLib.cli", "serve", "--port", "0", "-m", str(spec.folder), "--keys", str(keys), *options]
    if not options:
        command = ["-c", _WITH_LIMITS, str(spec.folder), str(keys), json.dumps(limits)]
    environment = os.environ | {"TMPDIR": str(temporary), "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([sys.executable, *command], env=environment, stderr=subprocess.PIPE, text=True)
    server = RunningServer("", keys, key, temporary, process)

    def listen() -> None:
        for line in process.stderr:
            server.log.append(line)

    reader = threading.Thread(target=listen, daemon=True)
    reader.start()

    def listens() -> bool:
        assert process.poll() is None, server.log
        found = re.search(r"listens on (\S+);", "".join(server.log))
        server.url = found[1] if found else ""
        return bool(found)

    try:
        wait_for(listens)
        yield server
    finally:
        process.terminate()
        process.wait(30)
        reader.join()
        process.stderr.close()


def write_certificate(folder: Path, days: int) -> Path:
    """A certificate of 127.0.0.1 and its key, in one file (PEM).

    Args:
        folder: where it is written.
        days: from now until it ends; negative for one that has.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(timezone.utc)
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "127.0.0.1")])
    certificate = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=9))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True).sign(key, hashes.SHA256())
    )
    file = folder / f"certificate{days}.pem"
    file.write_bytes(certificate.public_bytes(serialization.Encoding.PEM) + key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
    return file


def same(one, other) -> None:
    """All of two predictions is the same, to the last bit, but for the seconds that they took."""
    arrays: list[dict] = [{}, {}]
    records = [each.to_dict(lambda name, array, kept=kept: kept.update({name: array}))
               for each, kept in zip((one, other), arrays, strict=True)]
    for record in records:
        record["provenance"].pop("timings_s")
    assert records[0] == records[1]
    assert arrays[0].keys() == arrays[1].keys()
    for name, array in arrays[0].items():
        assert array.dtype == arrays[1][name].dtype and np.array_equal(array, arrays[1][name]), name
    assert one.ijk_to_ras.tobytes() == other.ijk_to_ras.tobytes() and one.name == other.name
