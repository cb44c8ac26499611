"""The nginx of the manual before a real server; left out where there is no nginx."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from builders import head_volume
from manual import ROOT, blocks
from servers import RunningServer, running_server, same, write_certificate
from workers import wait_for

from UnifiedViTLib.errors import ServerError
from UnifiedViTLib.imaging.region import RegionOfInterest
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.service.remote.address import ServerAddress
from UnifiedViTLib.service.remote.predictor import Patience, RemotePredictor, ask_server
from UnifiedViTLib.service.store.cache import compiled_folder

NGINX = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin")
QUICK = Patience(connect_s=5, read_s=5, repeats=1, pause_s=0.05)

pytestmark = pytest.mark.skipif(NGINX is None, reason="there is no nginx here")


@dataclass(frozen=True)
class Proxied:
    """A server and the proxy before it."""

    server: RunningServer
    url: str

    def address(self, path: str = "") -> ServerAddress:
        return ServerAddress(self.url + path, self.server.key)


@contextmanager
def proxy(folder: Path, target: str, certificate: Path) -> Iterator[str]:
    """nginx with the manual's block, and with the same server below /unifiedvit; gives its address."""
    (block,) = blocks(ROOT / "docs" / "server.md", "nginx")
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    for old, new in {"443": f"127.0.0.1:{port}", "gpu.example.org": "127.0.0.1", "http://127.0.0.1:8765": target,
                     "/etc/ssl/gpu.pem": str(certificate), "/etc/ssl/gpu.key": str(certificate)}.items():
        assert old in block
        block = block.replace(old, new)
    location = re.search(r" {4}location / \{.*?\n {4}\}\n", block, re.S)
    assert location
    below = location[0].replace("location / {", "location /unifiedvit/ {").replace(target, f"{target}/")
    block = block.replace(location[0], location[0] + below)
    paths = "".join(f"{name}_temp_path {folder}/{name};\n" for name in
                    ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    (folder / "nginx.conf").write_text(
        f"daemon off; worker_processes 1; pid {folder}/nginx.pid; error_log stderr;\n"
        f"{'user root;' if os.name == 'posix' and os.getuid() == 0 else ''}\n"
        f"events {{}}\nhttp {{\naccess_log off;\n{paths}{block}}}\n")
    process = subprocess.Popen([str(NGINX), "-p", str(folder), "-c", str(folder / "nginx.conf")])

    def listens() -> bool:
        assert process.poll() is None, "nginx ended"
        with socket.socket() as asked:
            return asked.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_for(listens)
        yield f"https://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(30)


@pytest.fixture(scope="module")
def proxied(proven, tmp_path_factory):
    """A server that listens on this computer alone, and a proxy that speaks TLS."""
    folder = tmp_path_factory.mktemp("proxy")
    certificate = write_certificate(folder, 9)
    with pytest.MonkeyPatch.context() as patch, running_server(folder, proven, jobs_per_minute=600) as server:
        patch.setenv("SSL_CERT_FILE", str(certificate))
        with proxy(folder, server.url, certificate) as url:
            yield Proxied(server, url)


@pytest.mark.openvino
@pytest.mark.parametrize("path", ["", "/unifiedvit"])
def test_an_answer_through_the_proxy_is_that_of_this_computer(proxied, proven, path):
    volume = head_volume(shape=(6, 45, 41))
    options = Options(region=RegionOfInterest.from_centre((3, -7, 11), (40, 40, 20)))
    spec = ask_server(proxied.address(path)).find_model("proven")
    stages = []
    answer = RemotePredictor(proxied.address(path), spec).predict(
        volume, options, lambda stage, part: stages.append(stage))
    expected = Predictor(proven, "cpu", cache=compiled_folder()).predict(volume, options)
    same(replace(answer, spec=expected.spec), expected)
    assert len(set(stages)) > 2, "the server's stages came through"


def test_events_come_through_at_once_and_not_when_the_run_ends(proxied):
    server = proxied.server
    run = server.begin(head_volume(shape=(6, 45, 41)), ask_server(proxied.address()).find_model("proven"))
    request = urllib.request.Request(f"{proxied.url}{run}/events", headers={"Authorization": f"Bearer {server.key}"})
    began = time.monotonic()
    with urllib.request.urlopen(request, timeout=20) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        line = stream.readline()
    assert line.startswith((b"data:", b"event:", b":", b"id:")) and time.monotonic() - began < 15
    server.ask("DELETE", run)


@pytest.mark.parametrize("path", ["/", "/unifiedvit/"])
def test_the_page_and_what_it_loads_come_through(proxied, path):
    page = urllib.request.urlopen(proxied.url + path, timeout=20).read().decode()
    names = re.findall(r'(?:src|href)="(page/[^"]+)"', page)
    assert names
    for name in names:
        assert urllib.request.urlopen(proxied.url + path + name, timeout=20).status == 200, name


def test_a_server_that_is_down_behind_the_proxy_is_told_in_a_sentence(tmp_path, monkeypatch):
    certificate = write_certificate(tmp_path, 9)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    with socket.create_server(("127.0.0.1", 0)) as taken:
        target = f"http://127.0.0.1:{taken.getsockname()[1]}"
    with proxy(tmp_path, target, certificate) as url, pytest.raises(ServerError, match="502"):
        ask_server(ServerAddress(url, "k" * 24), QUICK)
