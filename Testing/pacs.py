"""A PACS on this machine for the tests of DICOMweb: a real HTTP server that speaks the needed parts of QIDO-RS, WADO-RS
and STOW-RS and whose faults can be chosen; and Orthanc, where it is installed."""

from __future__ import annotations

import base64
import json
import re
import shutil
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pydicom
import pytest
from dicom_files import Change, image, place, stored
from loopback import serve
from pydicom import Dataset

USER, PASSWORD = "alice", "Geheim & süß"
STUDY, SERIES = "1.2.826.4.1", "1.2.826.4.1.7"
#: What a search tells of an object, as far as the object has it.
_LISTED = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID", "SOPClassUID", "StudyDate", "Modality",
           "SeriesDescription", "SeriesNumber", "Manufacturer")
_BOUNDARY = "5d1f7e0c"
_ORTHANC_DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


def slices(count: int = 6, change: Change = lambda data, k: None) -> list[Dataset]:
    """A series as a scanner sends it.

    Args:
        count: of its slices.
        change: given each slice and its number.
    """
    made = []
    for k, pixels in enumerate(stored((count, 40, 36))):
        data = image(pixels, place(k), number=k + 1)
        data.StudyInstanceUID, data.SeriesInstanceUID = STUDY, SERIES
        data.SOPInstanceUID = data.file_meta.MediaStorageSOPInstanceUID = f"{SERIES}.{k + 1}"
        data.StudyDate, data.SeriesDescription, data.SeriesNumber = "20260105", "T1 ce", 3
        data.SpecificCharacterSet, data.PatientName = "ISO_IR 192", "Müller^Jörg"
        change(data, k)
        made.append(data)
    return made


def as_file(data: Dataset) -> bytes:
    """The bytes of a DICOM file."""
    with BytesIO() as file:
        pydicom.dcmwrite(file, data, enforce_file_format=True)
        return file.getvalue()


def set_credentials(patch: pytest.MonkeyPatch) -> None:
    """Those of the servers here, in the environment; no netrc file, and no certificates, of the user's."""
    patch.setenv("UNIFIEDVIT_DICOMWEB_USER", USER)
    patch.setenv("UNIFIEDVIT_DICOMWEB_PASSWORD", PASSWORD)
    patch.setenv("NETRC", "/nowhere")
    for name in ("UNIFIEDVIT_DICOMWEB_TOKEN", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE"):
        patch.delenv(name, raising=False)


@dataclass
class Pacs:
    """What the server has and does; change it while it runs.

    Attributes:
        url: of the service.
        objects: all that it has, by SOP Instance UID.
        token: asks for this bearer token instead of user and password.
        status: by what is asked for ("studies", "series", "instances", "retrieve", "store"), answers with an error
            status before those that work.
        cuts: bytes of the answers to "retrieve" before the connection ends; used up one by one.
        says_length: whether an answer says how long it is: else a cut one looks like a whole one.
        answers: by what is asked for, a body in place of the right one.
        headers: of every answer, besides.
        sends: objects that are sent in place of those asked for.
        refuses: SOP classes that it does not take.
        refusal_status: of an answer that something was not taken: 202 or 409.
        hangs: by what is asked for, after how many bytes of the answer nothing more comes.
        careless: it knows no filters.
        page: so many answers to a search at a time.
        asked: what was asked for, in turn, with its path.
        shown: headers of authorization, in turn.
    """

    url: str = ""
    objects: dict[str, Dataset] = field(default_factory=dict)
    token: str = ""
    status: dict[str, list[int]] = field(default_factory=dict)
    cuts: list[int] = field(default_factory=list)
    says_length: bool = True
    answers: dict[str, bytes] = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    sends: list[Dataset] = field(default_factory=list)
    refuses: set[str] = field(default_factory=set)
    refusal_status: int = 202
    hangs: dict[str, int] = field(default_factory=dict)
    careless: bool = False
    page: int = 100
    asked: list[tuple[str, str]] = field(default_factory=list)
    shown: list[str] = field(default_factory=list)
    stopping: threading.Event = field(default_factory=threading.Event)

    def add(self, *objects: Dataset) -> None:
        """Have these, too."""
        self.objects |= {str(data.SOPInstanceUID): data for data in objects}

    def kinds(self) -> list[str]:
        """What was asked for, in turn."""
        return [kind for kind, _ in self.asked]


@contextmanager
def pacs(certificate: Path | None = None) -> Iterator[Pacs]:
    """A `Pacs` that is served on loopback until the block ends; with a certificate (PEM with its key), over TLS."""
    state = Pacs()
    answers = {"GET": lambda handler: _Answer(handler, state).get(),
               "POST": lambda handler: _Answer(handler, state).post()}
    with serve(answers, state.stopping, certificate) as address:
        state.url = f"{address}/dicom-web"
        yield state


class _Answer:
    """To one request."""

    def __init__(self, handler: BaseHTTPRequestHandler, state: Pacs) -> None:
        self._handler, self._state, self._kind = handler, state, ""
        parts = urlsplit(handler.path)
        self._path, self._query = parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}

    def get(self) -> None:
        found = re.fullmatch(r"/dicom-web/studies(?:/([\d.]+)(?:/series(?:/([\d.]+))?)?)?(?:/instances)?", self._path)
        if not found:
            self._send(404)
            return
        study, series = found.groups()
        level = self._path.rpartition("/")[2]
        self._kind = kind = level if level in ("studies", "series", "instances") else "retrieve"
        of = [data for data in self._state.objects.values()
              if study in (None, data.StudyInstanceUID) and series in (None, data.SeriesInstanceUID)]
        if not self._let_in(kind):
            return
        if kind != "retrieve":
            key = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID"}.get(kind, "SOPInstanceUID")
            self._search(kind, {str(data.get(key)): data for data in of if self._fits(data)})
        elif not of:
            self._send(404)
        elif 'type="application/dicom"' not in self._handler.headers["Accept"]:
            self._send(400)
        else:
            parts = [self._part(data) for data in self._state.sends or of]
            self._send(200, f'multipart/related; type="application/dicom"; boundary={_BOUNDARY}',
                       b"".join(parts) + f"\r\n--{_BOUNDARY}--".encode(), cut=bool(self._state.cuts))

    def post(self) -> None:
        body = self._handler.rfile.read(int(self._handler.headers["Content-Length"]))
        if not self._let_in("store"):
            return
        boundary = re.search('boundary="([^"]+)"', self._handler.headers["Content-Type"])[1].encode()
        taken, failed = [], []
        for part in body.split(b"\r\n--" + boundary)[1:-1]:
            data = pydicom.dcmread(BytesIO(part.partition(b"\r\n\r\n")[2]))
            item = Dataset()
            item.ReferencedSOPClassUID, item.ReferencedSOPInstanceUID = data.SOPClassUID, data.SOPInstanceUID
            if data.SOPClassUID in self._state.refuses:
                item.FailureReason = 0x0122
                failed.append(item)
            else:
                self._state.add(data)
                taken.append(item)
        answer = Dataset()
        answer.FailedSOPSequence, answer.ReferencedSOPSequence = failed, taken
        self._send(self._state.refusal_status if failed else 200, "application/dicom+json; charset=utf-8",
                   self._state.answers.get("store", json.dumps(answer.to_json_dict()).encode()))

    def _let_in(self, kind: str) -> bool:
        """Whether the request is allowed and is to be answered; else it is answered here."""
        state, shown = self._state, self._handler.headers.get("Authorization", "")
        state.asked.append((kind, self._handler.path))
        state.shown.append(shown)
        wanted = f"Bearer {state.token}" if state.token else (
            "Basic " + base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode())
        if shown != wanted:
            self._send(401)
            return False
        if state.status.get(kind):
            self._send(state.status[kind].pop(0))
            return False
        return True

    def _fits(self, data: Dataset) -> bool:
        if self._state.careless:
            return True
        asked = self._query
        date = str(data.get("StudyDate", ""))
        return (asked.get("SOPInstanceUID", data.SOPInstanceUID) == data.SOPInstanceUID
                and asked.get("ModalitiesInStudy", data.Modality) == data.Modality
                and ("StudyDate" not in asked or date >= asked["StudyDate"].rstrip("-")))

    def _search(self, kind: str, found: dict[str, Dataset]) -> None:
        start = int(self._query.get("offset", 0))
        listed = []
        for data in list(found.values())[start:start + self._state.page]:
            shown = Dataset()
            for keyword in _LISTED:
                if keyword in data:
                    setattr(shown, keyword, data.get(keyword))
            listed.append(shown.to_json_dict())
        self._send(200, "application/dicom+json", self._state.answers.get(kind, json.dumps(listed).encode()))

    @staticmethod
    def _part(data: Dataset) -> bytes:
        return f"\r\n--{_BOUNDARY}\r\nContent-Type: application/dicom\r\n\r\n".encode() + as_file(data)

    def _send(self, status: int, kind: str = "text/plain", body: bytes = b"", cut: bool = False) -> None:
        self._handler.send_response(status)
        self._handler.send_header("Content-Type", kind)
        if self._state.says_length:
            self._handler.send_header("Content-Length", str(len(body)))
        if status == 503:
            self._handler.send_header("Retry-After", "0")
        for name, value in self._state.headers.items():
            self._handler.send_header(name, value)
        self._handler.end_headers()
        most = self._state.cuts.pop(0) if cut else self._state.hangs.get(self._kind, len(body))
        self._handler.wfile.write(body[:most])
        if self._kind in self._state.hangs:
            self._state.stopping.wait()


@contextmanager
def orthanc(folder: Path) -> Iterator[str]:
    """The URL of an Orthanc of its own, with a password; the test is left out where it is not installed.

    Args:
        folder: for what it stores.
    """
    program = shutil.which("Orthanc")
    if program is None or not _ORTHANC_DICOMWEB.is_file():
        pytest.skip("Orthanc is not installed (Debian's orthanc and orthanc-dicomweb)")
    with ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as free:
        port = free.server_port
    settings = {
        "StorageDirectory": str(folder), "IndexDirectory": str(folder), "HttpPort": port, "DicomServerEnabled": False,
        "RemoteAccessAllowed": False, "AuthenticationEnabled": True, "RegisteredUsers": {USER: PASSWORD},
        "Plugins": [str(_ORTHANC_DICOMWEB)], "DicomWeb": {"Enable": True, "Root": "/dicom-web/", "EnableWado": False},
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with open(folder / "log", "wb") as log:
        process = subprocess.Popen([program, str(folder / "orthanc.json")], stdout=log, stderr=log)
    try:
        end = time.monotonic() + 120
        while b"Orthanc has started" not in (folder / "log").read_bytes():
            assert process.poll() is None and time.monotonic() < end, (folder / "log").read_text(errors="replace")
            time.sleep(0.1)
        yield f"http://127.0.0.1:{port}/dicom-web"
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(30)
        process.kill()
        process.wait()
