"""Tiny wheels written by hand, and an interpreter of its own to install them into."""

from __future__ import annotations

import base64
import hashlib
import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def write_wheel(folder: Path, name: str, version: str, needs: tuple[str, ...] = (), code: str = "",
                files: dict[str, str] | None = None) -> Path:
    """A wheel of one package that knows its version, with more files if wanted."""
    info = f"{name}-{version}.dist-info"
    contents = {
        f"{name}/__init__.py": f"__version__ = {version!r}\n{code}\n", **(files or {}),
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
                            + "".join(f"Requires-Dist: {need}\n" for need in needs),
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: by hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{path},sha256={base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b'=').decode()},"
        f"{len(text.encode())}\n" for path, text in contents.items()
    )
    folder.mkdir(parents=True, exist_ok=True)
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in (contents | {f"{info}/RECORD": f"{record}{info}/RECORD,,\n"}).items():
            archive.writestr(path, text)
    return wheel


@dataclass(frozen=True)
class Interpreter:
    """A Python with nothing but pip, which lies in a folder beside it."""

    python: Path
    site: Path
    pip_folder: Path

    def files(self) -> dict[str, str]:
        """Relative path -> SHA-256 of every file of the packages."""
        return {
            path.relative_to(self.site).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
            for path in sorted(self.site.rglob("*"))
            if path.is_file() and "__pycache__" not in path.parts
        } | {path.name: "a folder" for path in self.site.iterdir() if path.is_dir()}

    def pip(self, *arguments: str) -> None:
        subprocess.run([self.python, "-m", "pip", *arguments, "--quiet"], check=True,
                       env=os.environ | {"PYTHONPATH": str(self.pip_folder), "PIP_NO_INDEX": "1",
                                         "PIP_DISABLE_PIP_VERSION_CHECK": "1"})

    def start(self, code: str, **environment: str) -> subprocess.Popen[str]:
        """Run code that can import the library."""
        return subprocess.Popen(
            [self.python, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, (ROOT, self.pip_folder))),
                              "PYTHONDONTWRITEBYTECODE": "1"} | environment,
        )

    def job(self, name: str, arguments: dict, **environment: str) -> dict:
        """What a job of the library's dependencies returns; {"error": class, "sentence": text} if it raises."""
        process = self.start(
            "import json\nfrom UnifiedViTLib.errors import UnifiedViTError\n"
            "from UnifiedViTLib.service.packages import dependencies\n"
            f"try: answer = dependencies.{name}({arguments!r}, lambda stage, fraction: None)\n"
            "except UnifiedViTError as error: answer = {'error': type(error).__name__, 'sentence': str(error)}\n"
            "print(json.dumps(answer))\n",
            **environment,
        )
        out, err = process.communicate(timeout=240)
        assert process.returncode == 0, err
        return json.loads(out)


def make_interpreter(folder: Path) -> Interpreter:
    """A virtual environment that has the pip of the running one; nothing is fetched."""
    venv.create(folder, with_pip=False)
    python = folder / ("Scripts/python.exe" if sys.platform == "win32" else "bin/python")
    asked = subprocess.run([python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
                           capture_output=True, text=True, check=True)
    site = Path(asked.stdout.strip())
    pip = Path(find_spec("pip").origin).parent
    copy = folder / "pip"
    for part in (pip, *pip.parent.glob("pip-*.dist-info")):
        shutil.copytree(part, copy / part.name)
    return Interpreter(python, site, copy)
