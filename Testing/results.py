"""Results in folders, for the tests of who may write what where."""

from __future__ import annotations

from pathlib import Path

from builders import head_volume, tiny_model

from UnifiedViTLib.inference.prediction import Prediction
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import as_json, write_segmentation
from UnifiedViTLib.outputs.folder import STAGED, ResultsFolder
from UnifiedViTLib.outputs.inventory import Entry
from UnifiedViTLib.outputs.manifest import Manifest, Request, fingerprint, make_request, now_ns
from UnifiedViTLib.outputs.reuse import list_inputs


def make_prediction(folder: Path) -> Prediction:
    """A small one, in which something is drawn."""
    spec = tiny_model(folder, biases={"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]})
    return Predictor(spec, "cpu").predict(head_volume(shape=(4, 40, 36)))


def put(results: ResultsFolder, prediction: Prediction, source: Path, name: str = "head", earlier: tuple[str, ...] = (),
        **options) -> tuple[Entry, str]:
    """Write a result of an image file as the batch does: two files and the JSON."""
    return put_request(results, prediction, make_request(source, prediction.spec, options), name, earlier)


def put_request(results: ResultsFolder, prediction: Prediction, request: Request, name: str = "head",
                earlier: tuple[str, ...] = ()) -> tuple[Entry, str]:
    """The same for a request that is there already."""
    manifest = Manifest(request, fingerprint(list_inputs(request)), now_ns(), prediction.provenance.software, ())
    with results.staging() as stage:
        staged = {ending: stage / f"{STAGED}{ending}" for ending in (".seg.nrrd", ".html")}
        write_segmentation(prediction, staged[".seg.nrrd"])
        staged[".html"].write_text(f"<html>{request.source} {request.options}</html>")
        return results.commit(staged, as_json(prediction), manifest, name, earlier)
