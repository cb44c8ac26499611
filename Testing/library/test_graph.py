"""The graph of a model is checked before a library compiles it: what it takes and gives, and that it only computes."""

from __future__ import annotations

import hashlib
import json
import shutil
import time
from dataclasses import replace

import numpy as np
import onnx
import pytest
from builders import tiny_model
from onnx import TensorProto, helper
from unifiedvit_training.runs.model_folder import add_graph
from workers import SOON_S

from UnifiedViTLib.errors import WeightsError
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.backends.selection import BackendSelector
from UnifiedViTLib.integrity import verify_graph
from UnifiedViTLib.service.store.catalogue import find_model
from UnifiedViTLib.service.store.download import import_model
from UnifiedViTLib.spec import load_spec


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """A tiny model with a graph of the right frame; what it computes is of no interest here."""
    spec = tiny_model(tmp_path_factory.mktemp("tiny") / "tiny")
    with open(spec.weights, "rb") as file:
        length = int.from_bytes(file.read(8), "little")
        header = json.loads(file.read(length))
    name, entry = next((name, entry) for name, entry in header.items() if entry.get("dtype") == "F32")
    start, stop = entry["data_offsets"]
    tensor = TensorProto(name=name, data_type=TensorProto.FLOAT, dims=entry["shape"],
                         data_location=TensorProto.EXTERNAL)
    for key, value in (("location", spec.weights_file), ("offset", 8 + length + start), ("length", stop - start)):
        tensor.external_data.add(key=key, value=str(value))
    shapes = {"mask_logits": (3, 32, 32), "class_logits": (3,), "embedding": (64,)}
    graph = helper.make_graph(
        [helper.make_node("Relu", ["image"], [name]) for name in shapes], "tiny",
        [helper.make_tensor_value_info("image", TensorProto.FLOAT, ["batch", 1, 32, 32])],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, ["batch", *shape]) for name, shape in shapes.items()],
        [tensor])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 20)]), spec.folder / "model.onnx")
    return add_graph(spec.folder)


@pytest.fixture
def model(exported, tmp_path, monkeypatch):
    """A copy of its own, and a cache of its own."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    return load_spec(shutil.copytree(exported.folder, tmp_path / "model"))


def with_graph(model, content: bytes):
    """The model with another graph, and its description with that one's hash."""
    (model.folder / "model.onnx").write_bytes(content)
    data = json.loads((model.folder / "model.json").read_text(encoding="utf-8"))
    data["graph"]["sha256"] = hashlib.sha256(content).hexdigest()
    (model.folder / "model.json").write_text(json.dumps(data), encoding="utf-8")
    return load_spec(model.folder)


def changed(model, change):
    graph = onnx.load(model.folder / "model.onnx", load_external_data=False)
    change(graph)
    return with_graph(model, graph.SerializeToString())


def refusal(model, tmp_path) -> str:
    """The sentence with which a model is refused, at import and before use alike."""
    with pytest.raises(WeightsError) as before_use:
        BackendSelector(model, "cpu", tmp_path / "compiled")
    with pytest.raises(WeightsError) as at_import:
        import_model(model.folder)
    assert str(at_import.value) == str(before_use.value)
    return str(at_import.value)


def test_a_graph_as_it_should_be_and_the_bundled_one_are_taken(model):
    verify_graph(find_model("brain-t1ce"))
    assert import_model(model.folder).graph == model.graph


@pytest.mark.parametrize("node", [helper.make_node("Relu", ["image"], ["x"], name="marked"),
                                  helper.make_node("Relu", ["marked"], ["x"]),
                                  helper.make_node("Relu", ["image"], ["marked"])])
def test_names_in_operations_that_are_no_text_are_refused(model, tmp_path, node):
    changed(model, lambda graph: graph.graph.node.append(node))
    content = (model.folder / "model.onnx").read_bytes().replace(b"marked", b"mark\xa7d")
    assert "holds a name that is no text" in refusal(with_graph(model, content), tmp_path)


@pytest.mark.parametrize("operation", ["SplitToSequence", "SequenceAt"])
def test_operations_that_the_exporter_writes_for_some_architecture_are_taken(model, operation):
    verify_graph(changed(model, lambda graph: graph.graph.node.append(helper.make_node(operation, ["image"], ["x"]))))


def loop(graph):
    body = helper.make_graph([helper.make_node("Identity", ["going"], ["on"])], "body", [
        helper.make_tensor_value_info("n", TensorProto.INT64, []),
        helper.make_tensor_value_info("going", TensorProto.BOOL, [])],
        [helper.make_tensor_value_info("on", TensorProto.BOOL, [])])
    graph.graph.node.append(helper.make_node("Loop", ["", "yes"], [], body=body))


def branch(graph):
    graph.graph.node.append(helper.make_node("If", ["yes"], ["x"], then_branch=helper.make_graph([], "a", [], [])))


def another_domain(graph):
    graph.graph.node.append(helper.make_node("Relu", ["image"], ["x"], domain="org.evil"))


def domain_of_its_own(graph):
    graph.opset_import.append(helper.make_opsetid("org.evil", 1))


def function(graph):
    graph.functions.append(helper.make_function("ai.onnx", "Relu", ["x"], ["y"], [], []))


def hidden_graph(graph):
    graph.graph.node[0].attribute.append(helper.make_attribute("body", helper.make_graph([], "a", [], [])))


def outside_file(graph):
    next(entry for entry in graph.graph.initializer[0].external_data if entry.key == "location").value = "/etc/passwd"


def beyond_the_file(graph):
    next(entry for entry in graph.graph.initializer[0].external_data if entry.key == "offset").value = "99999999999"


def other_shape_of_numbers(graph):
    graph.graph.initializer[0].dims.append(1 << 20)


def endless_numbers(graph):
    graph.graph.initializer.append(TensorProto(name="huge", data_type=1, dims=[1 << 60] * 8, raw_data=b""))


def texts(graph):
    graph.graph.initializer.append(helper.make_tensor("words", TensorProto.STRING, [1], [b"word"]))


def five_masks(graph):
    graph.graph.output[0].type.tensor_type.shape.dim[1].dim_value = 5


def seven_classes(graph):
    graph.graph.output[1].type.tensor_type.shape.dim[1].dim_value = 7


def another_name(graph):
    graph.graph.output[0].name = "masks"


def no_embedding(graph):
    del graph.graph.output[2]


def another_input(graph):
    graph.graph.input.append(helper.make_tensor_value_info("more", TensorProto.FLOAT, ["batch", 1, 32, 32]))


def three_channels(graph):
    graph.graph.input[0].type.tensor_type.shape.dim[1].dim_value = 3


def another_size(graph):
    graph.graph.input[0].type.tensor_type.shape.dim[2].dim_value = 64


def one_at_a_time(graph):
    graph.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1


def double_precision(graph):
    graph.graph.input[0].type.tensor_type.elem_type = TensorProto.DOUBLE


@pytest.mark.parametrize(("change", "words"), [
    (loop, "'Loop'"), (branch, "'If'"), (another_domain, "'Relu'"), (domain_of_its_own, "no library has"),
    (function, "functions"), (hidden_graph, "a graph within"), (outside_file, "from another file"),
    (beyond_the_file, "than there are"), (other_shape_of_numbers, "than there are"),
    (endless_numbers, "without end"), (texts, "unknown type"),
    (five_masks, "mask_logits of 5 x 32 x 32, where the description needs 3 x 32 x 32"),
    (seven_classes, "class_logits of 7, where the description needs 3"), (another_name, "'masks'"),
    (no_embedding, "outputs"), (another_input, "inputs"), (three_channels, "image of 3 x 32 x 32"),
    (another_size, "image of 1 x 64 x 32"), (one_at_a_time, "batches of one length"),
    (double_precision, "single precision"),
], ids=lambda value: value.__name__ if callable(value) else "")
def test_a_graph_that_does_or_gives_something_else_is_refused_at_import_and_before_use(model, tmp_path, change, words):
    sentence = refusal(changed(model, change), tmp_path)
    assert words in sentence and "Get or export the model again" in sentence


def constant(name, value):
    return helper.make_node("Constant", [], [name], value=onnx.numpy_helper.from_array(np.array(value), name))


#: Operations that make "big" of what is constant, of the image's size and of its values.
BOMBS = {
    "constant": [constant("n", [1 << 33]), helper.make_node("ConstantOfShape", ["n"], ["big"])],
    "tiled": [constant("n", [1, 1 << 21, 1, 1]), helper.make_node("Tile", ["image", "n"], ["big"])],
    "counted": [constant("from", np.float32(0)), constant("to", np.float32(3e9)), constant("step", np.float32(1)),
                helper.make_node("Range", ["from", "to", "step"], ["big"])],
    "sizes": [helper.make_node("Shape", ["image"], ["sizes"]), constant("third", [2]), constant("n", [1 << 30]),
              helper.make_node("Gather", ["sizes", "third"], ["one"]), helper.make_node("Mul", ["one", "n"], ["many"]),
              helper.make_node("ConstantOfShape", ["many"], ["big"])],
    "values": [helper.make_node("ReduceMax", ["image"], ["most"]), helper.make_node("Cast", ["most"], ["n"], to=7),
               constant("flat", [1]), helper.make_node("Reshape", ["n", "flat"], ["many"]),
               helper.make_node("ConstantOfShape", ["many"], ["big"])],
}


@pytest.mark.parametrize(("bomb", "words"), [
    ("constant", "32 GB of memory"), ("tiled", "8 GB of memory"), ("counted", "11 GB of memory"),
    ("sizes", "128 GB of memory"), ("values", "memory of no known size"),
])
def test_a_graph_that_would_fill_the_memory_is_refused_before_it_is_compiled(model, bomb, words):
    def change(graph):
        graph.graph.node.extend([*BOMBS[bomb], helper.make_node("ReduceMax", ["big"], ["top"], keepdims=0),
                                 helper.make_node("Add", ["image", "top"], ["more"])])
        graph.graph.node[0].input[0] = "more"
        graph.graph.node.append(graph.graph.node.pop(0))  # after what it reads

    spec = changed(model, change)
    verify_graph(spec)
    with pytest.raises(WeightsError, match=words):
        OpenVINOBackend(spec, "float32", DiskCache(None, spec))


@pytest.mark.parametrize("content", [
    b"", b"\x00", b"not a graph at all", b"\xff" * 1000, b"\x3a\xff\xff\xff\xff\x7f", b"\x3a\x00",
    b"\x3a\x80" + b"\x80" * 20,
], ids=repr)
def test_a_file_that_is_no_graph_is_refused(model, tmp_path, content):
    assert "model.onnx cannot be used" in refusal(with_graph(model, content), tmp_path)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9, 0.999])
def test_a_cut_graph_is_refused(model, tmp_path, share):
    whole = (model.folder / "model.onnx").read_bytes()
    assert "model.onnx cannot be used" in refusal(with_graph(model, whole[:int(share * len(whole))]), tmp_path)


def test_two_graphs_in_one_file_which_readers_merge_are_refused(model, tmp_path):
    whole = (model.folder / "model.onnx").read_bytes()
    assert "twice" in refusal(with_graph(model, whole + whole), tmp_path)


def test_a_graph_of_nothing_but_operations_is_refused_soon(model, tmp_path):
    node = helper.make_node("Relu", ["image"], ["x"]).SerializeToString()
    graph = onnx.GraphProto().SerializeToString() + (b"\x0a" + bytes([len(node)]) + node) * 60_000
    content = b"\x3a" + onnx_length(len(graph)) + graph
    began = time.monotonic()
    assert "operations" in refusal(with_graph(model, content), tmp_path)
    assert time.monotonic() - began < SOON_S


def onnx_length(value: int) -> bytes:
    """A number as protocol buffers write it."""
    parts = []
    while value > 0x7F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])


def test_a_description_of_other_classes_than_the_graph_has_is_refused(model):
    with pytest.raises(WeightsError, match="class_logits"):
        verify_graph(replace(model, classes=model.classes[:2]))
