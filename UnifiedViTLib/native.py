"""What libraries in C and C++ take from the process around them: the decimal point, and file names in UTF-8."""

from __future__ import annotations

import locale
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class _NumericLocale:
    """The process's LC_NUMERIC, held at "C" for as long as anybody needs it.

    It belongs to the whole process, so that threads share one hold: the first sets it, the last restores it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holders = 0
        self._former = "C"

    def take(self) -> None:
        with self._lock:
            if self._holders == 0:
                self._former = locale.setlocale(locale.LC_NUMERIC)
                locale.setlocale(locale.LC_NUMERIC, "C")
            self._holders += 1

    def give_back(self) -> None:
        with self._lock:
            self._holders -= 1
            if self._holders == 0:
                locale.setlocale(locale.LC_NUMERIC, self._former)


_NUMERIC_LOCALE = _NumericLocale()


@contextmanager
def c_numeric_locale() -> Iterator[None]:
    """Numbers have a decimal point in here, whatever the process's locale; it is as before afterwards.

    Qt sets the user's locale for the whole process. Under a decimal comma ITK reads a spacing of 1.6 mm from an NRRD
    as 1 and writes it as "1,6", and OpenVINO exports a network with other constants. May be nested, and held by
    several threads at a time.
    """
    _NUMERIC_LOCALE.take()
    try:
        yield
    finally:
        _NUMERIC_LOCALE.give_back()


def native_path(path: str | Path) -> str:
    """A path as SimpleITK takes it: text whose UTF-8 is the name on the disk.

    Python decodes names by the locale, and names of another encoding (old archives, Latin-1) to surrogates, at which
    SimpleITK aborts the process.

    Raises:
        UnicodeError: the name on the disk is not UTF-8.
    """
    return os.fsencode(path).decode("utf-8")


def printable_path(path: str | Path) -> str:
    r"""A path for people: what is not UTF-8 in it as `\xe9`."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")
