"""Whether a folder is this user's own: what is read from it is run, so nobody else may have put it there."""

from __future__ import annotations

import os
import stat
import sys
from pathlib import Path

#: More links on the way to a folder than any system follows.
_MOST_LINKS = 40


def is_private_folder(folder: Path) -> bool:
    """Whether nobody but this user and the administrator can put files into a folder, or another folder in its place.

    On POSIX, the folder and all above it belong to this user or to root, and nobody else may write to them; above it, a
    folder like /tmp will do, where everybody may write but only the owner of a thing may replace it. Links are followed
    if they cannot be changed by others. On Windows, whose profiles are closed to other users by the system, the folder
    lies in this user's profile.

    Args:
        folder: one that is not there is nobody's.
    """
    if sys.platform == "win32":
        return folder.is_dir() and _in_profile(folder)
    try:
        return _is_private(Path(os.path.abspath(folder)))
    except (OSError, ValueError):
        return False


def _in_profile(folder: Path) -> bool:
    places = [os.environ.get(name) for name in ("USERPROFILE", "LOCALAPPDATA", "APPDATA")]
    return any(folder.resolve().is_relative_to(Path(place).resolve()) for place in places if place)


def _is_private(folder: Path) -> bool:
    """`folder` is absolute and without "..": each step from the root down must be safe from the one above it."""
    links = 0
    here, steps = Path(folder.anchor), list(folder.parts[1:])
    state = os.lstat(here)
    while steps:
        if not _owned(state) or (_open_to_others(state) and not state.st_mode & stat.S_ISVTX):
            return False
        name = steps.pop(0)
        if name == "..":  # of a link's target; `here` is no link
            here = here.parent
            state = os.lstat(here)
            continue
        below = os.lstat(here / name)
        if not stat.S_ISLNK(below.st_mode):
            here, state = here / name, below
            continue
        links += 1
        if links > _MOST_LINKS or not _owned(below):
            return False
        target = Path(os.readlink(here / name))
        if target.is_absolute():
            here, target = Path(target.anchor), target.relative_to(target.anchor)
            state = os.lstat(here)
        steps = [*target.parts, *steps]
    return stat.S_ISDIR(state.st_mode) and _owned(state) and not _open_to_others(state)


def _owned(state: os.stat_result) -> bool:
    return state.st_uid in (0, os.getuid())


def _open_to_others(state: os.stat_result) -> bool:
    return bool(state.st_mode & stat.S_IWOTH) or (
        bool(state.st_mode & stat.S_IWGRP) and state.st_gid != 0 and not _is_own_group(state.st_gid))


def _is_own_group(group: int) -> bool:
    """Whether a group is the one of this user alone that many systems make, and have write to all of their files."""
    import grp
    import pwd

    try:
        user, entry = pwd.getpwuid(os.getuid()), grp.getgrgid(group)
    except KeyError:
        return False
    return group == user.pw_gid and entry.gr_name == user.pw_name and set(entry.gr_mem) <= {user.pw_name}
