"""Mutants of a file: cut, overwritten, with other numbers in its header."""

from __future__ import annotations

import gzip
import re
import struct
import zlib
from collections.abc import Callable

import numpy as np

#: What stands where a number stood, in text.
_WORDS = (b"0", b"-1", b"1", b"2", b"3", b"99", b"-3", b"65536", b"2147483647", b"4294967295", b"4294967296",
          b"9223372036854775807", b"18446744073709551616", b"1e7", b"1e300", b"-1e300", b"1e-300", b"nan", b"inf", b"",
          b"0x10", b"1,5", b"%d", b"%1000000000d", b"%s%s%n", b"(1,0,0)", b"()", b"\xff\xfe", b"A" * 300, b"A" * 2000)
#: What stands where bytes of a number stood.
_INTEGERS = (0, 1, -1, 2, 3, 7, 8, 16, 127, 255, 256, 32767, -32768, 65535, 2**31 - 1, -(2**31))
_FLOATS = (0.0, -1.0, 1e-30, 1e30, float("nan"), float("inf"), 352.0, 1e7, -1e7)
#: Bytes that headers of binary formats lie in.
_HEAD = 600
#: The transfer syntax of deflated DICOM, and where the elements that name it begin.
_DEFLATED, _META = b"1.2.840.10008.1.2.1.99", 144

Mutation = Callable[[bytes, np.random.Generator], bytes]


def _cut(data: bytes, rng: np.random.Generator) -> bytes:
    return data[:rng.integers(0, len(data))]


def _cut_head(data: bytes, rng: np.random.Generator) -> bytes:
    return data[:rng.integers(0, min(len(data), _HEAD))]


def _overwrite(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.integers(1, 9)):
        changed[rng.integers(0, len(changed))] = rng.integers(0, 256)
    return bytes(changed)


def _overwrite_head(data: bytes, rng: np.random.Generator) -> bytes:
    changed = bytearray(data)
    for _ in range(rng.integers(1, 4)):
        changed[rng.integers(0, min(len(changed), _HEAD))] = rng.integers(0, 256)
    return bytes(changed)


def _number_in_head(data: bytes, rng: np.random.Generator) -> bytes:
    """A 2-, 4- or 8-byte number of either order, or a float, somewhere in the head."""
    order, form = rng.choice(["<", ">"]), rng.choice(["h", "i", "q", "f"])
    value = rng.choice(_FLOATS) if form == "f" else int(rng.choice(_INTEGERS))
    if form == "h":
        value = max(-32768, min(32767, value))
    packed = struct.pack(order + form, value)
    place = int(rng.integers(0, max(1, min(len(data), _HEAD) - len(packed))))
    place -= place % (2 if form == "h" else 4)
    return data[:place] + packed + data[place + len(packed):]


def _word(data: bytes, rng: np.random.Generator) -> bytes:
    """Another word for a number in a text header."""
    numbers = list(re.finditer(rb"-?\d+(\.\d+)?(e[+-]?\d+)?", data[:4096]))
    if not numbers:
        return _number_in_head(data, rng)
    number = numbers[rng.integers(0, len(numbers))]
    return data[:number.start()] + _WORDS[rng.integers(0, len(_WORDS))] + data[number.end():]


def _line(data: bytes, rng: np.random.Generator) -> bytes:
    """A line of a text header twice, or not at all."""
    lines = data[:2048].split(b"\n")
    number = rng.integers(0, len(lines))
    lines[number:number + 1] = [lines[number]] * int(rng.choice([0, 2]))
    return b"\n".join(lines) + data[2048:]


def _zeros(data: bytes, rng: np.random.Generator) -> bytes:
    start = rng.integers(0, len(data))
    length = rng.integers(1, max(2, len(data) // 4))
    return data[:start] + bytes(len(data[start:start + length])) + data[start + length:]


def _insert(data: bytes, rng: np.random.Generator) -> bytes:
    place = rng.integers(0, len(data))
    return data[:place] + rng.bytes(int(rng.integers(1, 64))) + data[place:]


def _move(data: bytes, rng: np.random.Generator) -> bytes:
    """A block of the file in another place too."""
    length = int(rng.integers(1, max(2, len(data) // 8)))
    start, place = (int(rng.integers(0, len(data))) for _ in range(2))
    return data[:place] + data[start:start + length] + data[place + length:]


_MUTATIONS: tuple[Mutation, ...] = (
    _cut, _cut_head, _overwrite, _overwrite_head, _overwrite_head, _number_in_head, _number_in_head, _word, _word,
    _word, _line, _zeros, _insert, _move,
)


def mutant(data: bytes, rng: np.random.Generator) -> bytes:
    """A damaged copy of `data`; of a gzip file, or a deflated DICOM file, half of the time of what is in it."""
    if data[:2] == b"\x1f\x8b" and rng.random() < 0.5:
        return gzip.compress(_mutated(zlib.decompress(data, 47), rng), 1, mtime=0)
    if _DEFLATED in data and rng.random() < 0.5:
        place = _META + int.from_bytes(data[_META - 4:_META], "little")
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        return data[:place] + packer.compress(_mutated(zlib.decompress(data[place:], -15), rng)) + packer.flush()
    return _mutated(data, rng)


def _mutated(data: bytes, rng: np.random.Generator) -> bytes:
    for _ in range(rng.integers(1, 3)):
        data = _MUTATIONS[rng.integers(0, len(_MUTATIONS))](data, rng) or b"\0"
    return data
