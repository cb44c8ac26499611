"""A folder that results are written to, by any number of processes at once: nothing is mixed up, and nothing that is
not ours is changed.

A result is staged out of sight, then put into the folder under a lock: its JSON with the manifest first, so that
whatever is found after a crash is described by a manifest.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..errors import OutputError
from ..locking import file_lock
from .files import json_text
from .inventory import HIDDEN, LOCK_FILE, STATE_FILE, Entry, Inventory, State
from .manifest import Manifest, OutputFile, is_written, sealed
from .naming import ENDINGS, folded
from .results_table import write_csv
from .reuse import is_still_true
from .writing import PART, sha256_of, sweep_parts, unwritable, write_atomically

TABLE = "results.csv"
#: The lock is held for the time of some renames; who waits so long waits for a process that has stopped.
_PATIENCE_S = 300.0
#: Staged files are called so, with their endings.
STAGED = "result"


class _Held(Exception):
    """A lock is held by somebody."""


class ResultsFolder(Inventory):
    """A folder for results; made if it is not there.

    Raises:
        OutputError: it cannot be made or written to.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._own = folder / HIDDEN
        try:
            self._own.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise OutputError(f"The folder {folder} cannot be made or written to ({error.strerror}). Choose another."
                              ) from error

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Be the only one that changes this folder.

        Raises:
            OutputError: its file system knows no locks, a process that has stopped holds the lock, or the disk refuses
                what is done meanwhile.
        """
        end = time.monotonic() + _PATIENCE_S

        def waiting() -> None:
            if time.monotonic() > end:
                raise OutputError(f"Another program keeps the results in {self.folder} locked. End it, or choose "
                                  "another folder.")

        with ExitStack() as stack:
            try:
                stack.enter_context(file_lock(self._own / LOCK_FILE, waiting))
            except OSError as error:
                raise OutputError(f"The results in {self.folder} cannot be locked against other programs "
                                  f"({error.strerror}). Choose a folder on another disk.") from error
            try:
                yield
            except OSError as error:
                name = error.filename2 or error.filename  # the second of a rename is what was to be written
                raise unwritable(Path(name) if isinstance(name, str) else self.folder / TABLE, error) from error

    @contextmanager
    def staging(self) -> Iterator[Path]:
        """A folder on the same disk for the files of one result before they take their names, removed at the end.

        Raises:
            OutputError: it cannot be made.
        """
        folder = self._own / f"staged-{secrets.token_hex(8)}"
        with ExitStack() as stack:
            with self.locked():  # or `sweep` of another process might take the lock before it is held here
                stack.enter_context(file_lock(folder.with_suffix(".lock")))
                stack.callback(_remove, folder)
                folder.mkdir()
            yield folder

    def sweep(self) -> None:
        """Remove what processes that died left behind; those that live hold the locks of theirs."""
        with self.locked():
            sweep_parts(self.folder)
            for part in self._own.glob(f"{PART}*"):  # written under the lock alone
                part.unlink(missing_ok=True)
            for folder in {path.with_suffix("") for path in self._own.glob("staged-*")}:
                with suppress(_Held, OSError), file_lock(folder.with_suffix(".lock"), _held):
                    _remove(folder)

    def commit(self, staged: Mapping[str, Path], result: dict[str, Any], manifest: Manifest, name: str,
               earlier: Sequence[str] = ()) -> tuple[Entry, str]:
        """Give staged files their names, in place of earlier ones of the same image and model.

        Args:
            staged: whole files in a folder of `staging`, by their endings.
            result: as from `files.as_json`.
            manifest: without outputs.
            name: what to call the result; with a number if there are files of this name that are not its own.
            earlier: names of results that may be of the same image and model.

        Returns:
            the result; and in words what else happened: another name, an earlier result that was removed.

        Raises:
            OutputError: the disk refuses. Up to the last renames, an earlier result is as it was.
        """
        files = {ending: (path.stat().st_size, sha256_of(path)) for ending, path in staged.items()}
        with self.locked():
            key = manifest.request.source, manifest.request.model_id
            old = {entry.name: entry for entry in self._of(key, {*earlier, name})}
            place = self._place(name, list(old.values()), {*ENDINGS, *files})
            notes = [] if place in (name, *old) else [
                f"Its results are called {place}, as there are other files called {name}."]
            outputs = tuple(OutputFile(f"{place}{ending}", *of) for ending, of in files.items())
            text = json_text(sealed(result, replace(manifest, outputs=outputs)))
            first = next(iter(staged.values())).parent / f"{STAGED}.json"
            write_atomically(first, lambda part: part.write_text(text, encoding="ascii"))
            if place in old:
                self._remove_outputs(old.pop(place))
            os.replace(first, self.folder / f"{place}.json")
            for ending, path in staged.items():
                os.replace(path, self.folder / f"{place}{ending}")
            to_disk_folder(self.folder)
            notes += map(self._retire, old.values())
            entry = self.entry(place)
        if entry is None:
            raise OutputError(f"{place}.json was changed while it was written. Run this input again.")
        return entry, " ".join(notes)

    def fail(self, source: str, model_id: str, row: dict[str, str], earlier: Iterable[str], keep: bool = False) -> str:
        """Take note of an image that failed, and remove the files of an earlier result of it and the same model, unless
        the image is as it was: then what failed are the options, the model, or the computer.

        Args:
            source: absolute path of the image.
            model_id: of the model that was to look at it.
            row: its line of the table.
            earlier: names of results that may be of this image and model.
            keep: leave an earlier result as it is, which then keeps its line too.

        Returns:
            what became of an earlier result, in words; "" where there was none.

        Raises:
            OutputError: the disk refuses.
        """
        with self.locked():
            old = self._of((source, model_id), earlier)
            if old and (keep or any(is_still_true(entry.manifest) for entry in old)):
                return "The files of an earlier run are still there."
            notes = " ".join(map(self._retire, old))
            state = self.state()
            state.failed.setdefault(source, {})[model_id] = row
            self._write_state(state)
        return notes

    def write_table(self) -> list[dict[str, str]]:
        """Write the table over all results in the folder, and those that failed, by path and model; give its rows.

        Where an image has two results of a model, as two runs at once may give, the older one is removed. A table of
        this name that is not ours, or was changed, stays: ours takes another name then (`state().table`).

        Raises:
            OutputError: the disk refuses.
        """
        with self.locked():
            newest: dict[tuple[str, str], Entry] = {}
            for entry in sorted(self.entries(), key=lambda entry: entry.read_ns):
                if entry.key in newest:
                    self._retire(newest[entry.key])
                newest[entry.key] = entry
            state, rows = self.state(), {key: self.row(entry) for key, entry in newest.items()}
            for source, failed in state.failed.items():
                state.failed[source] = {model: row for model, row in failed.items() if (source, model) not in newest}
                rows |= {(source, model): row for model, row in state.failed[source].items()}
            ordered = [rows[key] for key in sorted(rows)]
            part = self._own / TABLE
            write_csv(ordered, part)
            now = self.digest(state.table)
            if now and now not in state.tables:
                state.table = self._free_table()
            state.tables = [sha256_of(part), *([now] if now in state.tables else [])]
            self._write_state(state)
            os.replace(part, self.folder / state.table)
        return ordered

    def _of(self, key: tuple[str, str], names: Iterable[str]) -> list[Entry]:
        """Of the results of these names those of an image and a model (`Entry.key`)."""
        return [entry for entry in map(self.entry, set(names)) if entry and entry.key == key]

    def _place(self, name: str, old: Sequence[Entry], endings: set[str]) -> str:
        """The name for a new result: an earlier one's whose files are all ours, else a free one."""
        for entry in old:
            written = {file.name for file in entry.manifest.outputs if is_written(self.folder, file)}
            foreign = {f"{entry.name}{ending}" for ending in endings} - written - {f"{entry.name}.json"}
            if not any((self.folder / file).exists() for file in foreign):
                return entry.name
        return self.free_name(name, (), self.taken(), endings)

    def _retire(self, entry: Entry) -> str:
        """Remove an earlier result but for what was changed since; its manifest last."""
        changed = self._remove_outputs(entry)
        (self.folder / f"{entry.name}.json").unlink(missing_ok=True)
        kept = f" {' and '.join(changed)} was changed since then, and stays." if changed else ""
        return f"The files of an earlier result, {entry.name}.*, were removed.{kept}"

    def _remove_outputs(self, entry: Entry) -> list[str]:
        """Remove what an earlier result wrote; names of files that were changed since, which stay."""
        changed = []
        for file in entry.manifest.outputs:
            if is_written(self.folder, file):
                (self.folder / file.name).unlink()
            elif (self.folder / file.name).exists():
                changed.append(file.name)
        return changed

    def _free_table(self) -> str:
        taken, number = self.taken(), 2
        while folded(f"results-{number}.csv") in taken:
            number += 1
        return f"results-{number}.csv"

    def _write_state(self, state: State) -> None:
        text = json.dumps(asdict(state))
        write_atomically(self._own / STATE_FILE, lambda part: part.write_text(text, encoding="ascii"))


def to_disk_folder(folder: Path) -> None:
    """Have the system put a folder's names on the disk, where it does this for folders."""
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _held() -> None:
    raise _Held


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # Windows removes no file that is open
        folder.with_suffix(".lock").unlink()
