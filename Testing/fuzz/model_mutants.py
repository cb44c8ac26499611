"""Mutants of a model: a description, weights, statistics and a graph that are wrong in one place, or a .zip of them."""

from __future__ import annotations

import copy
import hashlib
import io
import json
import random
import shutil
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import onnx

#: What stands in place of a value of a description.
VALUES = [
    None, True, False, 0, -1, 1, 3, 255, 4096, 10**6, 10**18, 10**400, -0.0, 0.5, 1e-320, 1e308, "", "a", "x" * 5000,
    "con", "nul.bin", "..", "../../up", "/etc/passwd", "a\0b", "\ud800", "\x1b[2J", "\u202e", "=1+1", "$\\frac$",
    "<img src=x>", "hf-hub:some/model", "vit_giant_patch14_clip_224", "vit_base_patch8_224", "swin_large_patch4",
    "resnet50", "test_vit2", [], [[]], [None], [1] * 17, [4096] * 3, {}, {"a": 1}, {"": {"": {}}}, [{"a": []}] * 3,
]
_DEVICE_NAMES = ["con", "aux", "../x", "a" * 300, "x\\y", "C:x", "", "."]


def mutant(source: Path, target: Path, chance: random.Random) -> tuple[Path, str]:
    """A changed copy of the model folder `source`.

    Args:
        target: a folder that does not exist yet; the mutant is in it.

    Returns:
        What to give to an import, and what was changed, in words.
    """
    shutil.copytree(source, target)
    kinds: list[Callable[[Path, random.Random], str]] = [_field, _field, _field, _json, _tensors, _bytes, _graph,
                                                         _graph, _graph_bytes, _missing]
    words = chance.choice(kinds)(target, chance)
    if chance.random() < 0.25:
        return _archive(target, chance, words)
    return target, words


def _description(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "model.json").read_text(encoding="utf-8"))


def _write(folder: Path, data: dict[str, Any]) -> None:
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")


def _with_sums(folder: Path) -> None:
    """Put the files' own sums into the description, so that what they hold is what is tested."""
    data = _description(folder)
    for part in ("weights", "graph", "ood", "patient"):
        if part in data and (file := folder / data[part]["file"]).is_file():
            data[part]["sha256"] = hashlib.sha256(file.read_bytes()).hexdigest()
    _write(folder, data)


def _places(value: Any, path: tuple = ()) -> Iterator[tuple]:
    """Paths of all fields."""
    if isinstance(value, dict | list):
        for key, part in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _places(part, (*path, key))


def _field(folder: Path, chance: random.Random) -> str:
    """One or two fields with another value, taken out, doubled, or under another name."""
    data = _description(folder)
    words = []
    for _ in range(chance.choice((1, 1, 2))):
        path = chance.choice(list(_places(data)))
        parent = data
        for key in path[:-1]:
            parent = parent[key]
        how, key = chance.choice(("value", "value", "value", "gone", "twice", "renamed")), path[-1]
        if how == "value":
            old = parent[key]
            number = type(old) in (int, float) and chance.random() < 0.5
            parent[key] = old * chance.choice((-1, 0, 2, 16, 1000)) if number else copy.deepcopy(chance.choice(VALUES))
        elif how == "gone":
            del parent[key]
        elif isinstance(parent, list):
            parent.extend([copy.deepcopy(parent[key])] * chance.choice((1, 20, 1000)))
        elif how == "renamed":
            parent[chance.choice(("\x1b", "a" * 5000, "encoder", "__class__", "\ud800"))] = parent.pop(key)
        else:
            parent[f"{key}2"] = copy.deepcopy(parent[key])
        words.append(f"{how} {'.'.join(map(str, path))}")
    _write(folder, data)
    return ascii(f"model.json: {', '.join(words)}")


def _json(folder: Path, chance: random.Random) -> str:
    """A description that is hardly JSON."""
    file = folder / "model.json"
    text = file.read_text(encoding="utf-8")
    place = chance.randrange(len(text))
    changed = chance.choice([
        text[:place], text[:place] + chance.choice('{}[]",:\\\0\x1b9') + text[place:], "[" * 100_000,
        text.replace("0.5", "NaN"), text.replace("224", "1e999"), text + text, text.replace('"id"', '"id": "x", "id"'),
        text.replace('"name"', '"\\ud800name"'), "\ufeff" + text, text.replace(":", ":" + " " * 1000),
    ])
    if chance.random() < 0.2:
        file.write_bytes(changed.encode("utf-16"))
    else:
        file.write_text(changed, encoding="utf-8")
    return "model.json: hardly JSON"


def _tensors(folder: Path, chance: random.Random) -> str:
    """A header of a safetensors file that says something else."""
    data = _description(folder)
    file = folder / data[chance.choice(("weights", "ood", "patient"))]["file"]
    content = file.read_bytes()
    length = int.from_bytes(content[:8], "little")
    header, body = json.loads(content[8:8 + length]), content[8 + length:]
    name = chance.choice([key for key in header if key != "__metadata__"])
    how = chance.randrange(9)
    if how == 0:
        header[name]["shape"] = chance.choice(([], [0], [-1], [2**63], [2**40] * 4, [1.5], "x", [1] * 50, None))
    elif how == 1:
        header[name]["data_offsets"] = chance.choice(([0, 2**62], [-1, 4], [10, 2], [], None, [0, 1, 2]))
    elif how == 2:
        header[name]["dtype"] = chance.choice(("F64", "U8", "F8_E4M3", "C64", "", None, ["F32"], "BOOL", "I64"))
    elif how == 3:
        header[chance.choice(("x", "\x1b", "", "../x", "\ud800"))] = header.pop(name)
    elif how == 4:
        header["__metadata__"] = chance.choice(({"a": 1}, [], "x", {"a": "b" * 10**6}))
    elif how == 5:
        values = bytearray(body)
        filling = chance.choice((b"\x00\x00\xc0\x7f", b"\x00\x00\x80\xff", b"\x00" * 4, b"\xff\xff\x7f\x7f"))
        start = chance.randrange(0, max(4, len(values) - 4096), 4)
        end = chance.choice((start + 4, start + 4096, len(values) // 4 * 4))
        values[start:end] = (filling * (len(values) // 4))[:end - start]
        body = bytes(values)
    elif how == 6:
        body = body[:chance.randrange(len(body))]
    text = json.dumps(header).encode()
    size = len(text)
    if how == 7:
        size = chance.choice((0, 1, 2**31, 2**63, 2**64 - 1, len(text) + 1000, len(text) - 1))
    elif how == 8:
        text = chance.choice((b"[" * 200_000, b"", b"null", b'{"a":' * 50_000, b"\xff" * 100))
        size = len(text)
    file.write_bytes(size.to_bytes(8, "little") + text + body)
    _with_sums(folder)
    return f"{file.name}: header {how}"


def _bytes(folder: Path, chance: random.Random) -> str:
    """Any file cut, or with a few other bytes."""
    file = chance.choice(sorted(folder.iterdir()))
    content = bytearray(file.read_bytes())
    if chance.random() < 0.3:
        content = content[:chance.randrange(len(content))]
    else:
        head = len(content) if chance.random() < 0.3 else min(len(content), 4000)
        for _ in range(chance.choice((1, 3, 30))):
            content[chance.randrange(head)] = chance.randrange(256)
    file.write_bytes(content)
    if file.suffix != ".json":
        _with_sums(folder)
    return f"{file.name}: bytes"


def _graph_bytes(folder: Path, chance: random.Random) -> str:
    """The graph cut, doubled, or with a few other bytes."""
    file = folder / "model.onnx"
    content = bytearray(file.read_bytes())
    how = chance.randrange(4)
    if how == 0:
        content = content[:chance.randrange(len(content))]
    elif how == 1:
        start = chance.randrange(len(content))
        content[start:start] = content[start:start + chance.randrange(2000)]
    elif how == 2:
        content += content[:chance.choice((50, 5000, len(content)))]
    else:
        for _ in range(chance.choice((1, 2, 5, 20))):
            content[chance.randrange(len(content))] = chance.randrange(256)
    file.write_bytes(content)
    _with_sums(folder)
    return f"model.onnx: bytes {how}"


def _graph(folder: Path, chance: random.Random) -> str:
    """A graph that says something else, and is a graph still."""
    file = folder / "model.onnx"
    model = onnx.load(file, load_external_data=False)
    graph = model.graph
    node, tensor = chance.choice(graph.node), chance.choice(graph.initializer)
    value = chance.choice([*graph.input, *graph.output])
    how = chance.randrange(12)
    if how == 0:
        node.op_type = chance.choice(("Loop", "If", "Scan", "Relu", "Add", "Evil", "Conv", "", "MatMul", "Tile"))
    elif how == 1:
        node.domain = chance.choice(("evil", "com.microsoft", "ai.onnx.ml", "ai.onnx"))
    elif how == 2:
        node.input[:] = chance.choice(([], ["image"], ["none"], [*node.output], [*node.input] * 50))
    elif how == 3:
        graph.node.remove(node)
    elif how == 4:
        graph.node.extend([node] * chance.choice((1, 1000)))
    elif how == 5:
        tensor.dims[:] = chance.choice(([], [0], [1] * 20, [2**40, 2**40], [3, 5], [2**62]))
    elif how == 6:
        tensor.data_type = chance.choice((0, 2, 7, 8, 10, 11, 16, 99))
    elif how == 7:
        for entry in tensor.external_data:
            if entry.key == chance.choice(("location", "offset", "length")):
                entry.value = chance.choice(("0", "-1", "99999999999999999", "/etc/passwd", "../x", "", "1e3", "x"))
    elif how == 8:
        dim = chance.choice(value.type.tensor_type.shape.dim)
        dim.dim_value = chance.choice((0, 1, 2, 5, 64, 2**40, -1))
    elif how == 9:
        value.name = chance.choice(("image", "mask_logits", "x", "", "\x1b"))
    elif how == 10:
        value.type.tensor_type.elem_type = chance.choice((0, 2, 7, 8, 10, 11))
    else:
        attributes = [attribute for one in graph.node for attribute in one.attribute]
        attribute = chance.choice(attributes)
        attribute.i, attribute.type = chance.choice((-1, 0, 2**31, 2**63 - 1)), chance.choice((1, 2, 3, 4, 5, 7))
        if attribute.ints:
            attribute.ints[:] = chance.choice(([], [0], [2**40] * 2, [-1] * 9))
    file.write_bytes(model.SerializeToString())
    _with_sums(folder)
    return f"model.onnx: {how}"


def _missing(folder: Path, chance: random.Random) -> str:
    """A file that is not there, a folder in its place, or one that leads elsewhere."""
    file = chance.choice(sorted(folder.iterdir()))
    file.unlink()
    how = chance.choice(("gone", "folder", "link", "empty"))
    if how == "folder":
        file.mkdir()
    elif how == "link":
        file.symlink_to(chance.choice(("/dev/zero", "/etc/passwd", file.name, "/nowhere")))
    elif how == "empty":
        file.touch()
    return f"{file.name}: {how}"


def _archive(folder: Path, chance: random.Random, words: str) -> tuple[Path, str]:
    """The folder as a .zip, which may be damaged too."""
    path = folder / "model.zip"
    content = io.BytesIO()
    method = chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2))
    with zipfile.ZipFile(content, "w", method) as archive:
        for file in sorted(folder.iterdir()):
            if file.is_file() and file.resolve().is_relative_to(folder.resolve()):
                archive.writestr(file.name, file.read_bytes())
        if chance.random() < 0.3:
            archive.writestr(chance.choice([name for name in _DEVICE_NAMES if name]), b"x")
    data = bytearray(content.getvalue())
    how = chance.choice(("whole", "bytes", "directory", "cut"))
    if how == "bytes":
        for _ in range(chance.choice((1, 5, 50))):
            data[chance.randrange(len(data))] = chance.randrange(256)
    elif how == "directory":
        for _ in range(chance.choice((1, 5))):
            data[-chance.randrange(1, 400)] = chance.randrange(256)
    elif how == "cut":
        data = data[:chance.randrange(len(data))]
    path.write_bytes(data)
    return path, f"{words}; zip, {how}"
