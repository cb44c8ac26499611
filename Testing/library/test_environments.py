"""The same results on any computer: decimal commas, names of another encoding, no home, an old processor."""

from __future__ import annotations

import json
import locale
import os
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from builders import head_volume, tiny_model, to_sitk, write_series

from UnifiedViTLib.errors import OutputError, UnsupportedImageError
from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.native import c_numeric_locale, native_path, printable_path
from UnifiedViTLib.outputs.files import write_segmentation
from UnifiedViTLib.outputs.results_table import CSV_FIELDS, csv_row, write_csv
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model

ROOT = Path(__file__).resolve().parents[2]
#: With a decimal comma, as Linux, macOS and Windows call them.
COMMAS = ("de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "es_ES.UTF-8", "it_IT.UTF-8", "nl_NL.UTF-8", "pl_PL.UTF-8",
          "pt_BR.UTF-8", "ru_RU.UTF-8", "sv_SE.UTF-8", "de_DE", "German_Germany.1252")
SPACING = (1.6, 0.7, 2.5)
#: What names the folders of a user; taken away.
UNSET = ("HOME", "USERPROFILE", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_CACHE_HOME", "MPLCONFIGDIR", "TEMP", "TMP")


def set_comma() -> str:
    """Give this process a decimal comma, as Qt does for a user who has one; returns the locale's name, "" if none."""
    for name in COMMAS:
        try:
            locale.setlocale(locale.LC_NUMERIC, name)
        except locale.Error:
            continue
        return name
    return ""


@pytest.fixture
def comma():
    before = locale.setlocale(locale.LC_NUMERIC)
    name = set_comma()
    if not name:
        pytest.skip("no locale with a decimal comma is installed (on Debian: the package locales-all)")
    assert locale.localeconv()["decimal_point"] == ","
    yield name
    locale.setlocale(locale.LC_NUMERIC, before)


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    biases = {"classifier": [0.0, 4.0, 1.0], "segmentation": [0.0, 3.0, 1.0]}
    return tiny_model(tmp_path_factory.mktemp("model"), biases=biases)


@pytest.fixture(scope="module")
def volume():
    return head_volume(spacing=SPACING, shape=(12, 64, 44))


@pytest.fixture(scope="module")
def prediction(model, volume):
    return Predictor(model, "cpu").predict(volume)


@pytest.fixture(scope="module")
def scans(tmp_path_factory, volume):
    """The volume in every kind of file that tells its geometry in text or in numbers."""
    folder = tmp_path_factory.mktemp("scans")
    for ending in ("nrrd", "nhdr", "nii.gz", "mha", "mhd"):
        sitk.WriteImage(to_sitk(volume), str(folder / f"scan.{ending}"))
    write_series(folder / "series", volume.array.astype(np.int16), volume.ijk_to_ras)
    return folder


@pytest.mark.parametrize("name", ["scan.nrrd", "scan.nhdr", "scan.nii.gz", "scan.mha", "scan.mhd", "series"])
def test_under_a_decimal_comma_an_image_has_its_own_spacing_and_place(scans, volume, comma, name):
    image = read(scans / name)
    np.testing.assert_allclose(image.ijk_to_ras, volume.ijk_to_ras, atol=1e-5)
    assert locale.setlocale(locale.LC_NUMERIC) == comma


def test_under_a_decimal_comma_a_segmentation_is_the_same_to_the_last_byte(tmp_path, prediction, comma):
    write_segmentation(prediction, tmp_path / "comma.seg.nrrd")
    assert locale.setlocale(locale.LC_NUMERIC) == comma
    locale.setlocale(locale.LC_NUMERIC, "C")
    write_segmentation(prediction, tmp_path / "point.seg.nrrd")
    assert (tmp_path / "comma.seg.nrrd").read_bytes() == (tmp_path / "point.seg.nrrd").read_bytes()


@pytest.mark.openvino
def test_under_a_decimal_comma_openvino_keeps_the_network_that_it_compiled(tmp_path, comma):
    pytest.importorskip("openvino")
    spec = find_model(DEFAULT_MODEL)
    cache = DiskCache(tmp_path, spec)
    image = np.random.default_rng(0).normal(size=(1, 1, spec.size, spec.size)).astype(np.float32)
    compiled = OpenVINOBackend(spec, "float32", cache).run(image)
    kept = OpenVINOBackend(spec, "float32", cache).run(image)
    for before, after in zip(compiled, kept, strict=True):
        np.testing.assert_allclose(after, before, atol=1e-3)


def test_the_decimal_comma_is_back_after_an_error_and_after_what_was_nested(tmp_path, comma):
    (tmp_path / "bad.nrrd").write_text("not an image")
    with pytest.raises(UnsupportedImageError, match="cannot be read"):
        read(tmp_path / "bad.nrrd")
    assert locale.setlocale(locale.LC_NUMERIC) == comma
    with c_numeric_locale():
        with c_numeric_locale():
            pass
        assert locale.localeconv()["decimal_point"] == "."
    assert locale.setlocale(locale.LC_NUMERIC) == comma


def test_threads_that_need_the_decimal_point_do_not_take_it_from_each_other(comma):
    both_in, first_out = threading.Barrier(2, timeout=60), threading.Event()
    seen = {}

    def leave_first() -> None:
        with c_numeric_locale():
            both_in.wait()
        first_out.set()

    def leave_last() -> None:
        with c_numeric_locale():
            both_in.wait()
            first_out.wait(60)
            seen["inside"] = locale.localeconv()["decimal_point"]

    threads = [threading.Thread(target=work) for work in (leave_first, leave_last)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen["inside"] == "."
    assert locale.setlocale(locale.LC_NUMERIC) == comma


@pytest.fixture
def latin_folder(tmp_path):
    """A folder whose name is Latin-1, as in old archives; skipped where file systems take none (macOS, Windows)."""
    try:
        os.mkdir(os.fsencode(tmp_path) + b"/caf\xe9")
    except (OSError, UnicodeError):
        pytest.skip("names that are not UTF-8 are not possible here")
    return tmp_path / os.fsdecode(b"caf\xe9")


def test_a_name_that_is_not_utf_8_is_refused_in_a_sentence_where_itk_would_abort_the_process(
        latin_folder, scans, prediction):
    (latin_folder / "a.nrrd").write_bytes((scans / "scan.nrrd").read_bytes())
    for path in (latin_folder / "a.nrrd", latin_folder):
        with pytest.raises(UnsupportedImageError, match=r"caf\\xe9.* is not UTF-8\. Rename it"):
            read(path)
    with pytest.raises(OutputError, match=r"caf\\xe9.* is not UTF-8\. Rename it"):
        write_segmentation(prediction, latin_folder / "a.seg.nrrd")
    assert [file.name for file in latin_folder.iterdir()] == ["a.nrrd"], "nothing half-written is left"


def test_an_input_with_a_name_that_is_not_utf_8_does_not_cost_the_table(tmp_path):
    name = os.fsdecode(b"caf\xe9.nrrd")
    rows = [csv_row(name, UnsupportedImageError("bad")), dict.fromkeys(CSV_FIELDS, "good")]
    write_csv(rows, tmp_path / "results.csv")
    lines = (tmp_path / "results.csv").read_text(encoding="utf-8").splitlines()
    assert len(lines) == 3 and lines[1].startswith("caf") and lines[2].startswith("good,")


def test_paths_for_libraries_and_for_people():
    assert native_path(Path("Schädel") / "é.nrrd") == str(Path("Schädel") / "é.nrrd")
    assert printable_path("Schädel.nrrd") == "Schädel.nrrd"


def predict_elsewhere(folder: Path, image: Path, model, **environment: str) -> tuple[dict, sitk.Image]:
    """`unifiedvit predict` in another environment, and what it says and draws."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNSET}
    done = subprocess.run(
        [sys.executable, "-m", "UnifiedViTLib.cli", "predict", image, "--output", folder / "out", "--model",
         model.folder, "--device", "cpu"],
        env=inherited | {"PYTHONPATH": str(ROOT)} | environment, stdin=subprocess.DEVNULL, capture_output=True,
    )
    assert done.returncode == 0, done.stderr.decode("utf-8", "replace")
    (file,) = (folder / "out").glob("*.json")  # called as that environment can call it
    return json.loads(file.read_text(encoding="utf-8")), sitk.ReadImage(str(next((folder / "out").glob("*.seg.nrrd"))))


def check_same(result: dict, drawn: sitk.Image, prediction) -> None:
    for label, probability in prediction.diagnosis.probabilities.items():
        assert result["diagnosis"]["probabilities"][label] == pytest.approx(probability, abs=0.01)
    assert np.mean(sitk.GetArrayFromImage(drawn) == prediction.labelmap) > 0.99
    np.testing.assert_allclose(drawn.GetSpacing(), SPACING)


def test_without_a_locale_home_and_temporary_folder_the_result_is_the_same(tmp_path, volume, proven):
    scan = tmp_path / "Schädel é.nrrd"
    sitk.WriteImage(to_sitk(volume), str(scan))
    result, drawn = predict_elsewhere(
        tmp_path, scan, proven, LC_ALL="C", PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", OMP_NUM_THREADS="1",
        PYTHONIOENCODING="utf-8:surrogateescape", TMPDIR=str(tmp_path / "nowhere"),
    )
    check_same(result, drawn, Predictor(proven, "cpu").predict(volume))
    assert result["name"] == "Schädel é"


def test_on_a_processor_that_openvino_cannot_use_it_says_so_and_gives_no_empty_answer():
    pytest.importorskip("openvino")
    code = """
import numpy as np
from UnifiedViTLib.inference.backends.cache import DiskCache
from UnifiedViTLib.inference.backends.openvino_backend import OpenVINOBackend
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL, find_model
spec = find_model(DEFAULT_MODEL)
images = np.zeros((2, 1, spec.size, spec.size), np.float32)
try:
    print([len(part) for part in OpenVINOBackend(spec, "float32", DiskCache(None, spec)).run(images)])
except RuntimeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, encoding="utf-8",
                          env=os.environ | {"PYTHONPATH": str(ROOT), "ONEDNN_MAX_CPU_ISA": "SSE41"})
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() in ("[2, 2, 2]", "it answers for 0 of 2 images, as on processors that are too old")


def test_with_decimal_commas_an_unusable_home_and_an_old_processor_the_result_is_the_same(
        tmp_path, volume, model, prediction):
    scan = tmp_path / "scan.nrrd"
    sitk.WriteImage(to_sitk(volume), str(scan))
    before = locale.setlocale(locale.LC_NUMERIC)
    name = set_comma() or "C"
    locale.setlocale(locale.LC_NUMERIC, before)
    result, drawn = predict_elsewhere(
        tmp_path, scan, model, LC_ALL=name, HOME=str(scan), TMPDIR=str(scan), OMP_NUM_THREADS="1",
        ONEDNN_MAX_CPU_ISA="SSE41", ATEN_CPU_CAPABILITY="default", OPENBLAS_CORETYPE="Nehalem",
    )
    check_same(result, drawn, prediction)
