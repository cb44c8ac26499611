"""The network's graph (ONNX) checked before any library compiles it: what goes in, what comes out, and that it does
nothing but compute on tensors.

Reads the file's protocol buffers with the standard library alone, as the graph is imported where neither `onnx` nor
OpenVINO needs to be there. Numbers stay unread; fields are those of onnx.proto.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import prod
from pathlib import Path

from .errors import WeightsError

INPUT, OUTPUTS = "image", ("mask_logits", "class_logits", "embedding")
#: Numbers lie in the weights' file: a graph is small.
_LARGEST, _MOST_NODES = 64 << 20, 50_000
_FLOAT32 = 1
#: Bytes of an element, by ONNX's number of its type: no texts, no complex numbers.
_ITEM_BYTES = {1: 4, 2: 1, 3: 1, 4: 2, 5: 2, 6: 4, 7: 8, 9: 1, 10: 2, 11: 8, 12: 4, 13: 8, 16: 2}
#: Operations that compute on tensors: no loops and branches, no chance, nothing that a library would have to add.
_OPERATIONS = frozenset((
    "Abs", "Add", "And", "ArgMax", "ArgMin", "Attention", "AveragePool", "BatchNormalization", "Cast", "CastLike",
    "Ceil", "Clip", "Concat", "Constant", "ConstantOfShape", "Conv", "ConvTranspose", "Cos", "CumSum",
    "DepthToSpace", "Div", "Dropout", "Einsum", "Elu", "Equal", "Erf", "Exp", "Expand", "EyeLike", "Flatten",
    "Floor", "Gather", "GatherElements", "GatherND", "Gelu", "Gemm", "GlobalAveragePool", "GlobalMaxPool",
    "Greater", "GreaterOrEqual", "GridSample", "GroupNormalization", "HardSigmoid", "HardSwish", "Identity",
    "InstanceNormalization", "LayerNormalization", "LeakyRelu", "Less", "LessOrEqual", "Log", "LogSoftmax",
    "LpNormalization", "MatMul", "Max", "MaxPool", "Mean", "Min", "Mish", "Mod", "Mul", "Neg", "Not", "Or", "PRelu",
    "Pad", "Pow", "RMSNormalization", "Range", "Reciprocal", "ReduceL1", "ReduceL2", "ReduceLogSumExp", "ReduceMax",
    "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare", "Relu", "Reshape", "Resize", "Round",
    "ScatterElements", "ScatterND", "Selu", "SequenceAt", "Shape", "Sigmoid", "Sign", "Sin", "Size", "Slice",
    "Softmax", "Softplus", "Softsign", "SpaceToDepth", "Split", "SplitToSequence", "Sqrt", "Squeeze", "Sub", "Sum",
    "Swish", "Tan", "Tanh", "Tile", "TopK", "Transpose", "Trilu", "Unsqueeze", "Where", "Xor",
))


@dataclass(frozen=True)
class Promise:
    """What a model's description says of its graph: `masks` counts the background, `weights` holds the numbers."""

    weights: Path
    channels: int
    size: int
    masks: int
    classes: int


class _Malformed(Exception):
    """What is wrong with the graph, as the end of a sentence that begins with its name."""


def check_graph(path: Path, promise: Promise) -> None:
    """See that a graph is one of this model and harmless.

    Raises:
        WeightsError: it is not; says why.
    """
    try:
        if path.stat().st_size > _LARGEST:
            raise _Malformed(f"is larger than {_LARGEST >> 20} MB, though the network's numbers lie beside it")
        _check_model(_Message(path.read_bytes()), promise)
    except OSError as error:
        raise WeightsError(f"{path} cannot be read ({error.strerror}). Get or export the model again.") from error
    except _Malformed as error:
        raise WeightsError(f"{path.name} cannot be used: it {error}. Get or export the model again.") from error


class _Message:
    """A message of protocol buffers: its fields by number, each a list of numbers (of varints) and bytes."""

    def __init__(self, data: bytes) -> None:
        self._fields: dict[int, list[int | bytes]] = {}
        place = 0
        while place < len(data):
            key, place = _varint(data, place)
            number, wire = key >> 3, key & 7
            if wire == 0:
                value, place = _varint(data, place)
            elif wire in (1, 2, 5):
                length, place = _varint(data, place) if wire == 2 else ({1: 8, 5: 4}[wire], place)
                if length > len(data) - place:
                    raise _Malformed("is cut off or no ONNX file")
                value, place = data[place:place + length], place + length
            else:
                raise _Malformed("is no ONNX file")
            self._fields.setdefault(number, []).append(value)

    def has(self, *numbers: int) -> bool:
        """Whether any of these fields is there."""
        return any(number in self._fields for number in numbers)

    def messages(self, number: int) -> Iterator[_Message]:
        """A repeated field of messages."""
        return (_Message(value) for value in self.bytes(number))

    def message(self, number: int) -> _Message:
        """A field of one message: two would be merged by other readers."""
        values = self.bytes(number)
        if len(values) != 1:
            raise _Malformed("lacks a part, or has it twice")
        return _Message(values[0])

    def bytes(self, number: int) -> list[bytes]:
        """A repeated field of bytes."""
        values = self._fields.get(number, [])
        parts = [value for value in values if isinstance(value, bytes)]
        if len(parts) < len(values):
            raise _Malformed("is no ONNX file")
        return parts

    def text(self, number: int) -> str:
        """A field of one text; "" if it is not there."""
        values = self.texts(number)
        if len(values) > 1:
            raise _Malformed("has a part twice")
        return values[0] if values else ""

    def texts(self, number: int) -> list[str]:
        """A repeated field of texts."""
        try:
            return [value.decode() for value in self.bytes(number)]
        except UnicodeDecodeError as error:
            raise _Malformed("holds a name that is no text") from error

    def number(self, number: int) -> int:
        """A field of one number; 0 if it is not there."""
        values = self._fields.get(number, [0])
        if len(values) > 1 or not isinstance(values[0], int):
            raise _Malformed("has a part twice or of a wrong kind")
        return values[0]

    def numbers(self, number: int) -> list[int]:
        """A repeated field of numbers, packed or not."""
        numbers = []
        for value in self._fields.get(number, []):
            if isinstance(value, int):
                numbers.append(value)
                continue
            place = 0
            while place < len(value):
                entry, place = _varint(value, place)
                numbers.append(entry)
        return numbers


def _varint(data: bytes, place: int) -> tuple[int, int]:
    """The number at `place`, and where it ends."""
    value = 0
    for step in range(10):
        if place >= len(data):
            raise _Malformed("is cut off or no ONNX file")
        byte = data[place]
        value |= (byte & 0x7F) << (7 * step)
        place += 1
        if byte < 0x80:
            return value, place
    raise _Malformed("is no ONNX file")


def _check_model(model: _Message, promise: Promise) -> None:
    if not model.has(7):
        raise _Malformed("is no ONNX file")
    if any(opset.text(1) not in ("", "ai.onnx") for opset in model.messages(8)):
        raise _Malformed("uses operations of its own, which no library has")
    if model.has(20, 25):
        raise _Malformed("holds functions or training, which a network to be used does not need")
    graph = model.message(7)
    if graph.has(15):
        raise _Malformed("holds sparse numbers, which are not read")
    if len(graph.bytes(1)) > _MOST_NODES:
        raise _Malformed(f"has more than {_MOST_NODES} operations")
    for node in graph.messages(1):
        _check_node(node, promise)
    for tensor in graph.messages(5):
        _check_tensor(tensor, promise)
    size, masks, classes = promise.size, promise.masks, promise.classes
    _check_values("input", graph.messages(11), {INPUT: (promise.channels, size, size)})
    shapes = (masks, size, size), (classes,), (None,)
    _check_values("output", graph.messages(12), dict(zip(OUTPUTS, shapes, strict=True)))


def _check_node(node: _Message, promise: Promise) -> None:
    for names in (1, 2, 3):  # of what goes in and comes out, and its own: libraries quote them
        node.texts(names)
    operation, domain = node.text(4), node.text(7)
    if domain not in ("", "ai.onnx") or operation not in _OPERATIONS:
        raise _Malformed(f"uses the operation {operation[:40]!r}, which is not among those that networks need")
    for attribute in node.messages(5):
        if attribute.has(6, 11, 14, 15, 22, 23):
            raise _Malformed(f"holds a graph within the operation {operation}")
        for number in (5, 10):
            for tensor in attribute.messages(number):
                _check_tensor(tensor, promise)


def _check_tensor(tensor: _Message, promise: Promise) -> None:
    """See that a tensor's numbers are as many as its shape says, here or in the weights' own file."""
    kind = tensor.number(2)
    if kind not in _ITEM_BYTES:
        raise _Malformed(f"holds numbers of an unknown type ({kind})")
    dims = tensor.numbers(1)
    if len(dims) > 8 or any(dim > _LARGEST << 6 for dim in dims):
        raise _Malformed("holds a tensor without end")
    needed = prod(dims) * _ITEM_BYTES[kind]
    if not tensor.has(13) and tensor.number(14) == 0:
        if tensor.has(3, 4, 5, 6, 7, 10, 11) or sum(map(len, tensor.bytes(9))) != needed:
            raise _Malformed("holds a tensor with more or fewer numbers than its shape says")
        return
    entries = [(entry.text(1), entry.text(2)) for entry in tensor.messages(13)]
    place = dict(entries)
    if len(place) != len(entries) or place.get("location") != promise.weights.name:
        raise _Malformed(f"takes numbers from another file than {promise.weights.name}")
    range_texts = [place.get(name, "0") for name in ("offset", "length")]
    if not all(text.isascii() and text.isdigit() and len(text) < 19 for text in range_texts):
        raise _Malformed("does not say where its numbers lie")
    offset, length = map(int, range_texts)
    if length != needed or offset + length > promise.weights.stat().st_size:
        raise _Malformed(f"takes other numbers from {promise.weights.name} than there are")


def _check_values(what: str, values: Iterator[_Message], promised: dict[str, tuple[int | None, ...]]) -> None:
    """Compare names and shapes of inputs or outputs; the first dimension is the batch's, which is open.

    Args:
        promised: the other dimensions by name, None for one of any length.
    """
    tensors = {}
    for value in values:
        name = value.text(1)
        if name in tensors:
            raise _Malformed(f"has two {what}s of one name")
        tensors[name] = value
    if set(tensors) != set(promised):
        raise _Malformed(f"has the {what}s {', '.join(map(repr, sorted(tensors)))[:200]} and not {', '.join(promised)}")
    for name, dims in promised.items():
        tensor = tensors[name].message(2).message(1)
        if tensor.number(1) != _FLOAT32:
            raise _Malformed(f"has an {what} {name} that is not of single precision")
        shape = list(tensor.message(2).messages(1))
        lengths = [dim.number(1) if dim.has(1) else None for dim in shape]
        if lengths[:1] != [None]:
            raise _Malformed(f"takes batches of one length alone ({what} {name})")
        fits = len(lengths) == 1 + len(dims) and all(
            length == dim if dim is not None else length is not None and length > 0
            for length, dim in zip(lengths[1:], dims, strict=True))
        if not fits:
            needed = " x ".join(str(dim or "any") for dim in dims)
            actual = " x ".join(str(length or "?") for length in lengths[1:])
            raise _Malformed(f"has an {what} {name} of {actual}, where the description needs {needed}")
