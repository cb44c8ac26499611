"""Whether a result in a folder is what a request would give: the same files, model, options and software, and all that
was written still as it was."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from ..imaging.file_set import files_of
from .inventory import Inventory
from .manifest import Manifest, Request, is_written, same_stat
from .writing import sha256_of

#: A file that was changed less than this before it was hashed may have been changed again without a new time.
_RACE_NS = 2_000_000_000


def list_inputs(request: Request) -> list[Path]:
    """All files that are looked at for a request; our own files in a series' folder are not.

    Raises:
        OSError: a folder or a header cannot be read.
    """
    files = []
    for path in map(Path, (request.source, *request.channels.values())):
        own = files_of(path)
        if path.is_dir():
            ours = Inventory(path).owned(file.name for file in own)
            own = [file for file in own if file.name not in ours]
        files += own
    return list(dict.fromkeys(files))


def changed_inputs(manifest: Manifest) -> str:
    """Which of the files that were looked at is another one now; "" for none.

    A file is hashed again unless the system vouches for it: on POSIX nobody can set the time of the last change of a
    file (ctime) or give its place (inode) to another. Size and mtime alone do not do: archives and copies keep mtime.
    """
    try:
        there = {os.path.abspath(file) for file in list_inputs(manifest.request)}
    except OSError:
        return manifest.request.source
    known = {file.path for file in manifest.inputs}
    if there != known:
        return min(there ^ known)
    for file in manifest.inputs:
        settled = manifest.hashed_ns - max(file.ctime_ns, file.mtime_ns) > _RACE_NS
        if os.name == "posix" and settled and same_stat(file):
            continue
        try:
            path = Path(file.path)  # a pipe of this name would never end
            same = path.is_file() and path.stat().st_size == file.size and sha256_of(path) == file.sha256
        except OSError:
            same = False
        if not same:
            return file.path
    return ""


def is_still_true(manifest: Manifest) -> bool:
    """Whether a result is of what is there now: its files are as they were, or further sequences out of reach, on a
    drive that is not there."""
    changed = changed_inputs(manifest)
    return not changed or (changed in map(os.path.abspath, manifest.request.channels.values())
                           and not os.path.exists(changed))


def rerun_reason(manifest: Manifest, request: Request, folder: Path, software: Mapping[str, str],
                 changed_inputs: Callable[[Manifest], str] = changed_inputs) -> str:
    """Why a result is not what a request would give; "" where it is.

    Args:
        manifest: of the result in `folder`.
        request: what is asked for now.
        folder: of the results.
        software: versions here; a package that is not here at all is not compared, as it may be where networks run.
        changed_inputs: tells which input is another one now, asked last.
    """
    before = manifest.request
    if (before.source, before.channels) != (request.source, request.channels):
        return "it is of another image"
    if before.model_sha256 != request.model_sha256:
        return f"it was made by another model ({before.model_id} {before.model_version})"
    other = sorted(name for name in {*before.options, *request.options}
                   if before.options.get(name) != request.options.get(name))
    if other:
        return f"it was made with other options ({', '.join(other)})"
    updated = [name for name, version in manifest.software.items() if software.get(name, version) != version]
    if updated:
        return f"it was made with other versions of {', '.join(updated)}"
    others = [file.name for file in manifest.outputs if not is_written(folder, file)]
    if others:
        return f"{others[0]} {'was changed' if (folder / others[0]).exists() else 'is missing'}"
    changed = changed_inputs(manifest)
    if changed:
        return f"{Path(changed).name} is not the file that it was"
    return ""
