"""Real files and real models, as small as they may be, for the tests."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
from itertools import permutations, product
from pathlib import Path

import numpy as np
import pydicom
import SimpleITK as sitk
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

from UnifiedViTLib.imaging.geometry import LPS_RAS
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.spec import ModelSpec, load_spec

#: The 48 ways in which voxel axes i, j, k can run along patient axes: columns are unit vectors.
ORIENTATIONS = [
    np.eye(3)[:, list(order)] * np.array(signs)
    for order in permutations(range(3)) for signs in product((1.0, -1.0), repeat=3)
]


def oblique(rx: float = 17.0, ry: float = -11.0, rz: float = 23.0) -> np.ndarray:
    """A rotation by degrees about R, A and S: directions of no axis."""
    x, y, z = np.deg2rad((rx, ry, rz))
    about_x = np.array([[1, 0, 0], [0, np.cos(x), -np.sin(x)], [0, np.sin(x), np.cos(x)]])
    about_y = np.array([[np.cos(y), 0, np.sin(y)], [0, 1, 0], [-np.sin(y), 0, np.cos(y)]])
    about_z = np.array([[np.cos(z), -np.sin(z), 0], [np.sin(z), np.cos(z), 0], [0, 0, 1]])
    return about_z @ about_y @ about_x


def grid(direction: np.ndarray, spacing: tuple[float, float, float], shape: tuple[int, int, int],
         centre: tuple[float, float, float] = (3.0, -7.0, 11.0)) -> np.ndarray:
    """IJK to RAS of a grid whose middle lies at `centre`.

    Args:
        direction: 3x3, columns are the directions (RAS) of i, j, k.
        spacing: along i, j, k in mm.
        shape: of the array, (K, J, I).
    """
    matrix = np.eye(4)
    matrix[:3, :3] = np.asarray(direction) * np.array(spacing)
    matrix[:3, 3] = np.array(centre) - matrix[:3, :3] @ ((np.array(shape[::-1]) - 1) / 2)
    return matrix


def points(ijk_to_ras: np.ndarray, shape: tuple[int, int, int]) -> np.ndarray:
    """RAS coordinates of every voxel, (K, J, I, 3)."""
    k, j, i = np.indices(shape, dtype=float)
    return np.stack([i, j, k], axis=-1) @ ijk_to_ras[:3, :3].T + ijk_to_ras[:3, 3]


def phantom(ras: np.ndarray) -> np.ndarray:
    """A head without symmetry: an ellipsoid of body with one bright landmark on the right, one in front, one on top.

    Args:
        ras: (..., 3) points in mm; the head's centre is that of `grid`.
    """
    r, a, s = np.moveaxis(ras - np.array([3.0, -7.0, 11.0]), -1, 0)
    head = 200.0 / (1.0 + np.exp(12.0 * ((r / 30) ** 2 + (a / 38) ** 2 + (s / 34) ** 2 - 1.0)))
    for centre, height, width in (((16, 3, -2), 300, 5.0), ((-4, 21, 5), 180, 6.0), ((-6, -5, 17), 420, 4.5)):
        distance = (r - centre[0]) ** 2 + (a - centre[1]) ** 2 + (s - centre[2]) ** 2
        head = head + height * np.exp(-distance / (2 * width**2))
    return head.astype(np.float32)


def head_volume(direction: np.ndarray | None = None, spacing: tuple[float, float, float] = (2.0, 2.0, 5.0),
                shape: tuple[int, int, int] = (18, 45, 41), name: str = "head") -> Volume:
    """The phantom sampled on a grid; `shape` is (K, J, I), `spacing` along i, j, k."""
    matrix = grid(np.eye(3) if direction is None else direction, spacing, shape)
    return Volume(phantom(points(matrix, shape)), matrix, name)


def to_sitk(volume: Volume) -> sitk.Image:
    """The same volume as SimpleITK has it (LPS)."""
    image = sitk.GetImageFromArray(volume.array)
    lps = LPS_RAS @ volume.ijk_to_ras
    image.SetSpacing(volume.spacing)
    image.SetDirection((lps[:3, :3] / np.array(volume.spacing)).ravel().tolist())
    image.SetOrigin(lps[:3, 3].tolist())
    return image


def write_dicom(file: Path, pixels: np.ndarray, *, position=(0.0, 0.0, 0.0), row=(1.0, 0.0, 0.0),
                column=(0.0, 1.0, 0.0), spacing=(1.0, 1.0), thickness: float = 1.0, number: int = 1,
                series: str | None = None, modality: str = "MR", slope: float = 1.0, intercept: float = 0.0,
                photometric: str = "MONOCHROME2", patient: str = "1") -> Path:
    """One DICOM slice.

    Args:
        pixels: (rows, columns) int16 or uint16, as stored.
        position: of the first voxel's centre, LPS.
        row, column: directions (LPS) of growing column and row number.
        spacing: between columns, between rows.
    """
    data = Dataset()
    data.file_meta = FileMetaDataset()
    data.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    data.file_meta.MediaStorageSOPClassUID = data.SOPClassUID = MRImageStorage
    data.file_meta.MediaStorageSOPInstanceUID = data.SOPInstanceUID = generate_uid()
    data.SeriesInstanceUID = series or generate_uid()
    data.StudyInstanceUID, data.FrameOfReferenceUID = (
        generate_uid(entropy_srcs=[data.SeriesInstanceUID, part]) for part in ("study", "frame of reference"))
    data.PatientName, data.PatientID, data.Modality = "Phantom", patient, modality
    data.InstanceNumber, data.SliceThickness = number, thickness
    data.ImagePositionPatient = [f"{v:.10g}" for v in position]
    data.ImageOrientationPatient = [f"{v:.10g}" for v in (*row, *column)]
    data.PixelSpacing = [f"{v:.10g}" for v in reversed(spacing)]
    data.RescaleSlope, data.RescaleIntercept = str(slope), str(intercept)
    data.SamplesPerPixel, data.PhotometricInterpretation = 1, photometric
    data.Rows, data.Columns = pixels.shape
    data.BitsAllocated = data.BitsStored = 16
    data.HighBit, data.PixelRepresentation = 15, int(pixels.dtype.kind == "i")
    data.PixelData = np.ascontiguousarray(pixels).astype(pixels.dtype.newbyteorder("<")).tobytes()
    pydicom.dcmwrite(file, data, enforce_file_format=True)
    return file


def write_series(folder: Path, stored: np.ndarray, ijk_to_ras: np.ndarray, **tags) -> Path:
    """A folder with one DICOM file a slice, the file names in another order than the slices.

    Args:
        stored: (K, J, I) int16, before rescaling.
        tags: further arguments of `write_dicom`; `positions` moves the slices (K points, LPS).
    """
    folder.mkdir(parents=True, exist_ok=True)
    lps = LPS_RAS @ ijk_to_ras
    spacing = np.linalg.norm(lps[:3, :3], axis=0)
    row, column, _ = (lps[:3, :3] / spacing).T
    positions = tags.pop("positions", None)
    if positions is None:
        positions = [lps[:3, 3] + k * lps[:3, 2] for k in range(len(stored))]
    tags.setdefault("series", generate_uid())
    names = np.random.default_rng(3).permutation(len(stored))
    for k, pixels in enumerate(stored):
        write_dicom(
            folder / f"IM{names[k]:04d}", pixels, position=positions[k], row=row, column=column,
            spacing=spacing[:2], thickness=float(spacing[2]), number=k + 1, **tags,
        )
    return folder


def spec_data(**changes) -> dict:
    """What a valid `model.json` holds, for a tiny model of three diagnoses and two mask classes; top fields may be
    replaced."""
    data = {
        "format": 2,
        "id": "tiny",
        "version": "1.2.3",
        "name": "Tiny",
        "description": "A model for tests.",
        "architecture": "shared_encoder_dual_decoder",
        "arguments": {"encoder": "test_vit", "decoder_widths": [8, 8, 8]},
        "input": {"size": 32, "modality": "MR", "expects": "contrast-enhanced T1 MR of the head"},
        "segments": [
            {"name": name, "colour": colour, "terminology": f"DICOM~SCT^1^Lesion~SCT^2^{name}~SCT^^~DICOM~SCT^^~SCT^^|"}
            for name, colour in (("Glioma", [200, 40, 40]), ("Meningioma", [40, 200, 40]))
        ],
        "diagnosis": {
            "task": "multi-class",
            "classes": [
                {"name": "healthy", "display": "Nothing found", "lesion": False},
                {"name": "glioma", "display": "Glioma", "lesion": True},
                {"name": "meningioma", "display": "Meningioma", "lesion": True},
            ],
            "temperature": 1.5,
        },
        "aggregation": {
            "pooling": "lesion_weighted",
            "top_k": 3,
            "max_normal_probability": 0.9,
            "min_component_ml": 0.0,
        },
        "weights": {"file": "weights.safetensors", "sha256": "0" * 64, "licence": "Apache-2.0"},
        "training": [{"name": "phantoms", "licence": "CC0"}],
        "results": [{"dataset": "phantoms", "metrics": {"accuracy": 0.5}}],
    }
    return data | changes


def multi_label_data(**changes) -> dict:
    """`spec_data` of a multi-label model: glioma and meningioma may be there at once, each with its segment, and a
    thick skull, which no segment shows."""
    findings = [("glioma", "Glioma", 1.0, 0.0, 0.5), ("meningioma", "Meningioma", 2.0, -0.5, 0.3),
                ("thick-skull", "Thick skull", 1.0, 0.25, 0.6)]
    return spec_data(**{
        "diagnosis": {
            "task": "multi-label", "nothing_found": "No finding",
            "classes": [
                {"name": name, "display": display, "lesion": True, "temperature": temperature, "bias": bias,
                 "threshold": threshold} | ({"segment": display} if name != "thick-skull" else {})
                for name, display, temperature, bias, threshold in findings
            ],
        },
        "aggregation": {"pooling": "top_k", "top_k": 2, "max_normal_probability": 1.0, "min_component_ml": 0.0},
    } | changes)


def tiny_model(folder: Path, *, biases: dict[str, list[float]] | None = None, seed: int = 134,
               multi_label: bool = False, **changes) -> ModelSpec:
    """Write a model directory with random weights and read its spec.

    Args:
        folder: made if need be.
        biases: what the last layers are made to say whatever they see: "classifier" (one logit a diagnosis) and
            "segmentation" (one logit a mask class) set the bias and take away the weights but for a trace: a network
            that always says the very same is refused.
        seed: of the weights; with most others a random network draws one class all over, with this one all of them.
        multi_label: several findings at once.
        changes: top fields of `model.json` that differ from `spec_data`, or from `multi_label_data`.
    """
    import torch  # here, as many a child process needs the other builders alone
    from safetensors.torch import save_file

    from UnifiedViTLib.models import build_model

    folder.mkdir(parents=True, exist_ok=True)
    data = (multi_label_data if multi_label else spec_data)(**changes)
    sizes = {
        "mask_classes": len(data["segments"]) + 1,
        "diagnosis_classes": len(data["diagnosis"]["classes"]),
        "image_size": data["input"]["size"],
        "in_channels": len(data["input"].get("channels", [0])),
    }
    torch.manual_seed(seed)
    network = build_model(data["architecture"], data["arguments"] | sizes)
    with torch.no_grad():
        network.classifier[1].weight.mul_(20)  # so that slices differ in their diagnosis
        layers = {"classifier": network.classifier[1], "segmentation": network.segmentation.head}
        for name, values in (biases or {}).items():
            layers[name].weight.mul_(1e-7)
            layers[name].bias.copy_(torch.tensor(values))
    weights = folder / data["weights"]["file"]
    save_file(network.state_dict(), weights)
    data["weights"] = data["weights"] | {"sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
    (folder / "model.json").write_text(json.dumps(data), encoding="utf-8")
    return load_spec(folder)


def tiny_graph_model(folder: Path, graph: Path | None = None, **changes) -> ModelSpec:
    """A `tiny_model` that OpenVINO runs too.

    Args:
        folder: of the model.
        graph: `model.onnx` of another such model, which has no numbers in it; to write one takes seconds.
        changes: as for `tiny_model`.
    """
    from unifiedvit_training.exporting.onnx import write_onnx
    from unifiedvit_training.runs.model_folder import add_graph

    from UnifiedViTLib.inference.backends.torch_backend import load_network

    spec = tiny_model(folder, arguments={"encoder": "test_vit", "decoder_widths": [8, 8, 8]}, **changes)
    if graph:
        shutil.copyfile(graph, spec.folder / "model.onnx")
        return add_graph(spec.folder)
    logging.disable(logging.DEBUG)  # torch's exporter writes a novel, and pytest would keep it
    write_onnx(load_network(spec), spec.size, spec.folder / "model.onnx", spec.weights)
    logging.disable(logging.NOTSET)
    return add_graph(spec.folder)
