"""What of ours lies in a folder: results by their manifests, and the table over them. Nothing is written here."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from .manifest import Manifest, OutputFile, Request, is_written, read_result
from .naming import ENDINGS, folded, numbered
from .results_table import result_row
from .writing import sha256_of

#: Our own folder in a folder of results: the lock, the state, files that are being written.
HIDDEN = ".unifiedvit"
STATE_FILE, LOCK_FILE = "state.json", "lock"


@dataclass(frozen=True)
class Entry:
    """A result in a folder.

    Attributes:
        name: of its files, without endings.
        manifest: what it is of.
        row: its line of the table.
    """

    name: str
    manifest: Manifest
    row: dict[str, str]

    @property
    def request(self) -> Request:
        """What was asked for."""
        return self.manifest.request

    @property
    def key(self) -> tuple[str, str]:
        """What a folder has one result of: an image and a model's id."""
        return self.request.source, self.request.model_id

    @property
    def read_ns(self) -> int:
        """When the image was read: of two results, the later one is of what the image is now. Copies keep it."""
        return self.manifest.hashed_ns


@dataclass
class State:
    """What the folder's state file keeps.

    Attributes:
        table: name of the table over all results.
        tables: SHA-256 of the last tables that were written: one of them may be on the disk.
        failed: by the absolute path of the input and the model's id, rows of those that failed last.
    """

    table: str = "results.csv"
    tables: list[str] = field(default_factory=list)
    failed: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)


class Inventory:
    """The results in a folder, which need not exist; read as they are asked for."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: dict[str, tuple[tuple[int, ...], Entry | None]] = {}
        self._compared: dict[OutputFile, tuple[tuple[int, ...], bool]] = {}

    def entries(self) -> list[Entry]:
        """All results whose JSON is whole, by name. A JSON is read again only when it has changed."""
        found = {}
        for item in self._listed():
            if item.name.endswith(".json") and not item.name.startswith("."):
                try:
                    stat = item.stat()
                except OSError:  # another run has just removed it
                    continue
                stamp = _stamp(stat)
                known = self._read.get(item.name)
                found[item.name] = known if known and known[0] == stamp else (stamp, self.entry(item.name[:-5]))
        self._read = found
        return [entry for _, (_, entry) in sorted(found.items()) if entry]

    def entry(self, name: str) -> Entry | None:
        """The result of this name, read afresh; None also of a JSON that was copied or renamed, as the files that it
        describes are another's."""
        path = self.folder / f"{name}.json"
        read = read_result(path)
        if read is None:
            return None
        document, manifest = read
        if not all(folded(file.name).startswith(folded(f"{name}.")) for file in manifest.outputs):
            return None
        try:
            return Entry(name, manifest, result_row(document, manifest.request.source, name))
        except (KeyError, TypeError, ValueError, AttributeError):
            return None

    def row(self, entry: Entry) -> dict[str, str]:
        """A result's line of the table. One whose files are no longer all there, or as they were written, says so:
        the mask beside it may not be what was measured."""
        gone = [file.name for file in entry.manifest.outputs if not (self.folder / file.name).exists()]
        if gone:
            return entry.row | {"status": "incomplete", "error": f"{gone[0]} is missing. Run this input again."}
        changed = [file.name for file in entry.manifest.outputs if not self._is_as_written(file)]
        if not changed:
            return entry.row
        error = (f"{' and '.join(changed)} was changed, or cut, after it was written; the diagnosis is of the run. "
                 "Run this input again, which leaves the changed file as it is, or measure it with unifiedvit compare.")
        return entry.row | {"status": "changed", "volume_ml": "", "error": error}

    def _is_as_written(self, file: OutputFile) -> bool:
        """As `is_written`; a file is read again only when it has changed."""
        try:
            stamp = _stamp(os.stat(self.folder / file.name))
        except OSError:
            return False
        known = self._compared.get(file)
        if known is None or known[0] != stamp:
            known = self._compared[file] = stamp, is_written(self.folder, file)
        return known[1]

    def owned(self, names: Iterable[str]) -> set[str]:
        """Those of these files of the folder that are ours, and as we wrote them."""
        entries = self.entries()
        outputs: dict[str, list[OutputFile]] = {}
        for file in (file for entry in entries for file in entry.manifest.outputs):
            outputs.setdefault(file.name, []).append(file)
        own = {f"{entry.name}.json" for entry in entries}
        tables = set(self.state().tables)
        return {
            name for name in names
            if name in own or any(is_written(self.folder, file) for file in outputs.get(name, ()))
            or (tables and name.endswith(".csv") and self.digest(name) in tables)
        }

    def digest(self, name: str) -> str:
        """SHA-256 of a file of the folder; "" where there is none that can be read."""
        try:
            return sha256_of(self.folder / name)
        except OSError:
            return ""

    def state(self) -> State:
        """The folder's state; a new one where there is none, or none that can be read."""
        try:
            data = json.loads((self.folder / HIDDEN / STATE_FILE).read_text(encoding="utf-8"))
            failed = {source: {model: dict(row) for model, row in rows.items()}
                      for source, rows in data["failed"].items()}
            state = State(str(data["table"]), [str(one) for one in data["tables"]], failed)
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
            return State()
        return state if os.path.basename(state.table) == state.table else State()

    def taken(self) -> set[str]:
        """Names of all files in the folder, `naming.folded`."""
        return {folded(item.name) for item in self._listed()}

    def free_name(self, name: str, names: Collection[str], taken: Collection[str],
                  endings: Collection[str] = ENDINGS) -> str:
        """`name`, with a number if need be, so that no file has it with any of the endings.

        Args:
            name: wanted.
            names: that are given to others already.
            taken: as of `taken`.
            endings: of the files that are to have it.
        """
        number = 1
        while numbered(name, number) in names or any(
                folded(f"{numbered(name, number)}{ending}") in taken for ending in endings):
            number += 1
        return numbered(name, number)

    def _listed(self) -> list[os.DirEntry]:
        try:
            with os.scandir(self.folder) as items:
                return list(items)
        except OSError:  # not there, or not to be read: nothing of ours to find
            return []


def _stamp(stat: os.stat_result) -> tuple[int, ...]:
    return stat.st_ino, stat.st_size, stat.st_mtime_ns, stat.st_ctime_ns
