"""The page of `unifiedvit serve` in a real Chromium: a key, a file, a run, slices in their right place, and errors."""

from __future__ import annotations

import base64
import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
import SimpleITK as sitk
from browsers import chromium, wait_for
from builders import ORIENTATIONS, grid, head_volume, oblique, to_sitk, write_series
from PIL import Image
from servers import running_server

from UnifiedViTLib.imaging.reading import read
from UnifiedViTLib.imaging.volume import Volume
from UnifiedViTLib.inference.options import Options
from UnifiedViTLib.inference.predictor import Predictor
from UnifiedViTLib.outputs.files import write_labelmap, write_volume
from UnifiedViTLib.service.server.keys import Keys
from UnifiedViTLib.service.store.cache import compiled_folder
from UnifiedViTLib.spec import Segment

TAB, ENTER, UP, DOWN, END = "\ue004", "\ue007", "\ue013", "\ue015", "\ue010"
AXES = ("sagittal", "coronal", "axial")
RED = (230, 75, 53)
#: The page's own viewer, without a run: image, mask, segments.
SHOW = """const [image, mask, segments, done] = arguments;
const blob = (text) => new Blob([Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0))]);
document.getElementById("result-section").hidden = false;
import(new URL("page/viewer.js", document.baseURI).href)
  .then(({ Viewer }) => new Viewer().show(blob(image), blob(mask), undefined, segments,
    { spacing: "given", orientation: "given", position: "given" }))
  .then(() => done(""), (error) => done(String(error)));"""


@pytest.fixture(scope="module")
def browser():
    """One for all tests."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="module")
def server(browser, proven, tmp_path_factory):
    """A server that takes two runs at once, of 8 MB."""
    with running_server(tmp_path_factory.mktemp("server"), proven, lease_s=20, jobs=2, jobs_per_minute=600,
                        volume_bytes=8 << 20, stream_s=1.0) as running:
        yield running


@pytest.fixture(scope="module")
def head(tmp_path_factory) -> Path:
    """A head that lies obliquely, its voxels three times as long as wide."""
    file = tmp_path_factory.mktemp("images") / "head.nii.gz"
    volume = head_volume(oblique(12.0, -9.0, 18.0), spacing=(1.5, 1.8, 5.0), shape=(14, 52, 47))
    sitk.WriteImage(to_sitk(volume), str(file))
    return file


@pytest.fixture
def page(browser, server):
    """The page, with the key given; it must have asked nobody else, and broken no rule of its policy."""
    browser.resize(1280, 900)
    browser.complaints()
    browser.requests()
    browser.log_in(server.url, server.key)
    yield browser
    asked = browser.requests()
    assert asked and not [url for url in asked if not url.startswith((server.url, "data:", "blob:"))]
    assert not any(server.key in url for url in asked)
    assert browser.complaints() == []
    browser.find("forget").click()


# A key


def test_a_wrong_key_is_told_and_the_right_one_is_kept_until_it_is_forgotten(browser, server):
    browser.driver.get(f"{server.url}/")
    wait_for(lambda: browser.shown("key-section"))
    for wrong in ("wrong" * 8, "no key\u00e9"):
        browser.find("key").clear()
        browser.find("key").send_keys(wrong)
        browser.find("key").submit()
        wait_for(lambda: "key" in browser.text("alert"))
        assert not browser.shown("ask-section") and browser.focused == "key"
    browser.log_in(server.url, server.key)
    assert browser.text("alert") == "" and browser.find("key").get_property("value") == ""
    browser.driver.refresh()
    wait_for(lambda: browser.shown("ask-section"))
    browser.find("forget").click()
    assert browser.script("return sessionStorage.length + localStorage.length + document.cookie.length") == 0
    browser.driver.refresh()
    wait_for(lambda: browser.shown("key-section"))
    assert not browser.shown("ask-section")


def test_a_key_that_is_taken_away_meanwhile_is_told_and_forgotten(browser, server, head):
    browser.log_in(server.url, Keys(server.keys).add("guest"))
    Keys(server.keys).remove("guest")
    assert "does not take this key" in browser.run(head)
    assert browser.shown("key-section") and browser.script("return sessionStorage.length") == 0


# A result


def place_of(browser) -> tuple[np.ndarray, float, str]:
    """What the page says of the crosshair: RAS in mm, the image's value, what is drawn."""
    place, value, drawn = browser.text("place").split("; ")[:3]
    ends = re.findall(r"([RLAPSI]) ([\d.]+)", place)
    return (np.array([float(mm) * (1 if end in "RAS" else -1) for end, mm in ends]), float(value.split()[1]), drawn)


def go_to(browser, axis: str, slice_number: int) -> None:
    """Move a slider as a user does."""
    browser.script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
                   browser.find(f"slider-{axis}"), slice_number)


def picture(browser) -> np.ndarray:
    """The slices as they are seen, (rows, columns, RGB)."""
    browser.script("return new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)))")
    return np.asarray(Image.open(io.BytesIO(browser.screenshot("slices"))).convert("RGB")).astype(int)


def compare_places(browser, volume: Volume, labels: np.ndarray, name: str) -> None:
    """What the viewer says of many places is what lies there, of the image and of the mask.

    Args:
        browser: with the slices.
        volume: the image.
        labels: the mask, (K, J, I).
        name: of its segment.
    """
    inverse, random = np.linalg.inv(volume.ijk_to_ras), np.random.default_rng(134)
    counts = {axis: int(browser.find(f"slider-{axis}").get_attribute("max")) for axis in AXES}
    assert sorted(counts.values()) == sorted(volume.array.shape)
    seen = set()
    for number in range(20):
        if number == 10:
            browser.find("jump").click()
        for axis, count in counts.items():
            middle = int(browser.find(f"slider-{axis}").get_property("value"))
            near = np.clip(middle + random.integers(-4, 5), 1, count)
            go_to(browser, axis, int(near if number >= 10 else random.integers(1, count + 1)))
        ras, value, drawn = place_of(browser)
        i, j, k = np.rint((inverse @ [*ras, 1])[:3]).astype(int)
        assert value == pytest.approx(float(volume.array[k, j, i]), rel=1e-3, abs=1e-3)
        assert drawn == (name if labels[k, j, i] else "nothing drawn")
        seen.add(bool(labels[k, j, i]))
    assert True in seen and (False in seen or labels.mean() > 0.9), "places in the mask, and beside it"


def set_opacity(browser, layer: int, percent: int) -> None:
    browser.script("arguments[0].value = arguments[1]; arguments[0].dispatchEvent(new Event('input'))",
                   browser.find(f"layer-{layer}-opacity"), percent)


@pytest.mark.openvino
def test_a_file_becomes_slices_with_the_mask_in_its_place_bars_warnings_and_downloads(page, server, proven, head):
    volume = read(head)
    prediction = Predictor(proven, "cpu", cache=compiled_folder()).predict(volume, Options())
    labels, segment = prediction.labelmap, proven.segments[0]
    assert page.run(head) == ""
    # In words
    assert page.text("result-title") == f"Glioma ({100 * prediction.diagnosis.probability:.0f} %)"
    assert page.focused == "result-title"
    shown = {row.find_element("tag name", "th").text: row.find_elements("tag name", "td")[-1].text
             for row in page.find("classes").find_elements("tag name", "tr")}
    probabilities = prediction.diagnosis.probabilities
    assert shown == {one.display: f"{100 * probabilities[one.name]:.1f} %" for one in proven.classes}
    assert [item.text for item in page.find("warnings").find_elements("tag name", "li")] == list(prediction.warnings)
    volumes = {result.name: result for result in prediction.segments}
    assert f"{volumes[segment.name].volume_ml:.2f} mL" in page.text("segments")
    # The place of image and mask: what the viewer finds in each at points of the world
    assert place_of(page)[2] == segment.name, "it goes to what is drawn"
    compare_places(page, volume, labels, segment.name)
    # Downloads
    links = {link.get_attribute("download"): link.get_attribute("href")
             for link in page.find("downloads").find_elements("tag name", "a")}
    assert set(links) == {"head.seg.nrrd", "head.html", "head.json", "head.png"}
    wait_for(lambda: not server.files())


def block(direction: np.ndarray) -> tuple[Volume, np.ndarray]:
    """A dark image with a bright block in a corner of it, and the mask of the block, (K, J, I)."""
    spacing, shape = (1.5, 1.8, 4.0), (12, 40, 47)
    mask = np.zeros(shape, np.uint8)
    mask[2:7, 5:21, 8:20] = 1
    return Volume((200 + 800 * mask.astype(np.int16)), grid(direction, spacing, shape), "block"), mask


@pytest.mark.parametrize("direction", [oblique(12.0, -9.0, 18.0), ORIENTATIONS[29] @ oblique(7.0, 11.0, -5.0)],
                         ids=["oblique", "axes exchanged and turned around"])
def test_a_bright_block_and_its_mask_are_seen_in_one_place_on_the_side_where_radiologists_have_it(
        page, direction, tmp_path):
    volume, mask = block(direction)
    write_volume(volume.array, volume.ijk_to_ras, tmp_path / "image.nrrd")
    write_labelmap(mask, volume.ijk_to_ras, {1: Segment("Block", RED, "")}, tmp_path / "mask.seg.nrrd")
    packed = [base64.b64encode((tmp_path / name).read_bytes()).decode("ascii")
              for name in ("image.nrrd", "mask.seg.nrrd")]
    failure = page.driver.execute_async_script(SHOW, *packed, [{"name": "Block", "colour": RED}])
    assert not failure and page.shown("viewer-body"), failure
    compare_places(page, volume, mask, "Block")
    # Rows to the back, columns to the left, slices upwards: as radiologists look at them, from the feet
    image, labels = (sitk.DICOMOrient(sitk.ReadImage(str(tmp_path / name)), "LPS")
                     for name in ("image.nrrd", "mask.seg.nrrd"))
    drawn, (column_mm, row_mm, _) = sitk.GetArrayFromImage(labels), image.GetSpacing()
    number = int(np.argmax(drawn.sum(axis=(1, 2))))
    page.find("views").find_element("css selector", "[value=axial]").click()
    go_to(page, "axial", number + 1)
    set_opacity(page, 0, 100)
    opaque = picture(page)
    page.find("layer-0").click()
    without = picture(page)
    found = np.abs(opaque - without).sum(axis=-1) > 60
    assert np.median(np.abs(opaque[found] - RED).sum(axis=-1)) < 30, "the model's own colour"
    bright = without.min(axis=-1) > 128
    assert (found & bright).sum() > 0.9 * found.sum(), "the block lies under its mask"
    height, width = found.shape
    size = np.array(image.GetSize()[:2]) * (column_mm, row_mm)
    scale = min(width / size[0], height / size[1])
    rows, columns = np.nonzero(found)
    where = (np.array([columns.mean(), rows.mean()]) + 0.5 - (np.array([width, height]) - scale * size) / 2) / scale
    rows, columns = np.nonzero(drawn[number])
    assert np.allclose(where, [(columns.mean() + 0.5) * column_mm, (rows.mean() + 0.5) * row_mm], atol=1.5), "mm"
    assert found.sum() == pytest.approx(len(rows) * column_mm * row_mm * scale**2, rel=0.15)


@pytest.mark.openvino
def test_a_heat_map_is_a_layer_of_its_own(page, proven, head):
    assert page.run(head, "heatmap") == ""
    assert "heat map" in page.text("place") and "Heat map" in page.text("layers")
    before = picture(page)
    page.find("layer-1").click()
    assert np.abs(picture(page) - before).max() > 20
    assert any(link.get_attribute("download") == "head.heatmap.nrrd"
               for link in page.find("downloads").find_elements("tag name", "a"))


@pytest.mark.openvino
def test_of_a_picture_that_says_no_sizes_and_no_sides_the_page_tells_neither(page, tmp_path):
    Image.fromarray(np.arange(48 * 52, dtype=np.uint16).reshape(48, 52).astype(np.uint8)).save(tmp_path / "slice.png")
    assert page.run(tmp_path / "slice.png") == ""
    assert re.match(r"column \d+, row \d+, slice 1; value", page.text("place"))
    assert not page.shown("side") and not page.shown("views") and "mL" not in page.text("segments")
    go_to(page, "sagittal", 11)
    go_to(page, "coronal", 48)
    column, row = (int(number) for number in re.findall(r"\d+", page.text("place"))[:2])
    value = float(re.search(r"value ([\d.]+)", page.text("place"))[1])
    assert value == ((row - 1) * 52 + column - 1) % 256, "as it stands in the file"


@pytest.mark.openvino
def test_all_of_it_can_be_done_with_keys_alone_and_is_named_for_those_who_listen(page, head):
    named = page.script(
        "return [...document.querySelectorAll('input, select, button, progress, canvas')].filter((control) => !(control"
        ".labels?.length || control.getAttribute('aria-label') || control.textContent.trim())).map(({id}) => id)")
    assert named == []
    assert page.script("return document.documentElement.lang") == "en"
    assert page.find("alert").get_attribute("role") == "alert" and page.find("status").get_attribute("role") == "status"
    page.find("file").send_keys(str(head))
    page.script("document.getElementById('model').focus()")
    visited = []
    while page.focused != "run":
        assert len(visited) < 20
        page.press(TAB)
        visited.append(page.focused)
        assert page.script("return getComputedStyle(document.activeElement).outlineStyle") == "solid", "focus is seen"
    assert visited == ["file", "heatmap", "tta", "uncertainty", "run"]
    page.press(ENTER)
    wait_for(lambda: page.shown("result-section") and page.text("place"))
    assert page.text("status").startswith("Done: Glioma")
    page.script("document.getElementById('slices').focus()")
    page.press(END)
    count = int(page.find("slider-axial").get_attribute("max"))
    assert page.find("slider-axial").get_attribute("aria-valuetext") == f"slice {count} of {count}"
    page.press(DOWN, DOWN)
    assert page.find("slider-axial").get_attribute("aria-valuetext") == f"slice {count - 2} of {count}"
    page.script("document.getElementById('slider-coronal').focus()")
    before = int(page.find("slider-coronal").get_property("value"))
    page.press(UP)
    assert int(page.find("slider-coronal").get_property("value")) == before + 1
    page.resize(320, 700)
    assert page.script("return document.documentElement.scrollWidth") == 320, "nothing hangs over on a small screen"


# Errors


@pytest.mark.openvino
def test_each_error_is_a_sentence_after_which_the_page_works_on(page, server, head, tmp_path):
    notes = tmp_path / "<b>notes<b>.nii"
    notes.write_text("no image")
    assert "notes_b_.nii cannot be read" in page.run(notes)
    assert page.find("alert").find_elements("tag name", "b") == [] and page.shown("ask-section")
    (tmp_path / "large.nrrd").write_bytes(bytes(9 << 20))
    page.begin(tmp_path / "large.nrrd")
    assert "larger (9.4 MB) than what this server takes (8.4 MB)" in page.text("alert")
    assert page.run(head) == "" and page.shown("result-section")


@pytest.mark.openvino
def test_of_a_study_in_a_zip_the_page_asks_which_series_with_keys_alone(page, tmp_path):
    with zipfile.ZipFile(tmp_path / "study.zip", "w") as archive:
        for number, count in enumerate((6, 4)):
            volume = head_volume(shape=(count, 45, 41))
            for file in write_series(tmp_path / str(number), np.rint(volume.array).astype(np.uint16),
                                     volume.ijk_to_ras).iterdir():
                archive.write(file, f"{number}-{file.name}")
    assert page.run(tmp_path / "study.zip") == "study holds 2 DICOM series. Choose one of them."
    assert "Which series of study?" in page.text("several")
    assert page.script("return document.activeElement.type") == "radio", "it asks at once"
    page.find("run").click()
    assert page.text("alert") == "No series is chosen. Choose one of them."
    assert page.script("return document.activeElement.type") == "radio"
    page.press(DOWN)
    chosen = page.script("return document.querySelector('#several input:checked').parentElement.textContent").strip()
    assert chosen == "Series, MR, 4 images"
    (tmp_path / "asked.png").write_bytes(page.screenshot("ask-section"))
    page.press(ENTER)
    wait_for(lambda: page.shown("result-section"))
    assert "study" in page.text("result-of")
    page.begin(tmp_path / "study.zip")
    assert page.text("several") == "", "of other files nothing is chosen yet"
    wait_for(lambda: page.shown("ask-section"))


@pytest.mark.openvino
def test_a_full_server_is_waited_for_and_waiting_can_be_ended(page, server, proven, head):
    volume = head_volume(shape=(6, 45, 41))
    others = [server.begin(volume, proven) for _ in range(2)]
    page.begin(head)
    wait_for(lambda: "as many runs waiting as it takes" in page.text("stage"))
    assert page.shown("cancel") and page.text("alert") == ""
    page.find("cancel").click()
    wait_for(lambda: page.shown("ask-section"))
    assert page.text("status") == "The run was cancelled."
    page.find("run").click()
    for path in others:
        assert server.ask("DELETE", path)[0] == 204
    wait_for(lambda: page.shown("result-section"))
    wait_for(lambda: not server.files())


def test_a_server_that_is_gone_in_the_middle_is_told(browser, proven, head, tmp_path):
    with running_server(tmp_path, proven, lease_s=20) as server:
        browser.log_in(server.url, server.key)
        browser.begin(head)
        wait_for(lambda: browser.text("stage") not in ("", "Asking the server", "Sending"))
        server.process.kill()
        wait_for(lambda: browser.text("alert"))
        assert "cannot be reached" in browser.text("alert") and browser.shown("ask-section")


@pytest.mark.openvino
def test_a_browser_that_draws_no_slices_says_so_and_gives_all_else(server, proven, head):
    with chromium(webgl=False) as browser:
        browser.log_in(server.url, server.key)
        assert browser.run(head) == ""
        assert "no WebGL 2" in browser.text("no-viewer") and not browser.shown("viewer-body")
        assert browser.text("result-title").startswith("Glioma") and "head.seg.nrrd" in browser.text("downloads")
        assert len(browser.find("classes").find_elements("tag name", "tr")) == len(proven.classes)
