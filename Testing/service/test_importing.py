"""Models taken over from a folder or a .zip: what is a model comes in, whatever else the archive holds does not."""

from __future__ import annotations

import hashlib
import json
import os
import random
import stat
import struct
import zipfile
from pathlib import Path

import pytest
from mirrors import model_folder

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import Cancelled, ModelSpecError, WeightsError
from UnifiedViTLib.service.store.catalogue import find_model, installed_models, list_models
from UnifiedViTLib.service.store.download import cache_bytes, import_model, remove_model, verify_model

pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def model(tmp_path):
    """A model's folder outside the cache, with a page about it and what an export leaves beside."""
    spec = model_folder(tmp_path / "exported")
    (spec.folder / "README.md").write_text("About the model.")
    (spec.folder / "model.onnx").write_bytes(b"not needed")
    return spec


def packed(path: Path, entries: dict[str | zipfile.ZipInfo, bytes], compression=zipfile.ZIP_DEFLATED) -> Path:
    """A .zip with these entries."""
    with zipfile.ZipFile(path, "w", compression) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


def files(spec, top: str = "") -> dict[str, bytes]:
    """What lies in the model's folder, under the names that it gets in an archive."""
    return {f"{top}{file.name}": file.read_bytes() for file in sorted(spec.folder.iterdir())}


def nothing_came_in(cache: Path) -> bool:
    return cache_bytes() == 0 and not (cache / "tiny").exists() and "tiny" not in {m.id for m in installed_models()}


@pytest.mark.parametrize("given", ["folder", "model.json", "zip", "zip with a top folder", "zip by a Mac"])
def test_a_model_comes_in_from_its_folder_its_description_or_a_zip(tmp_path, model, cache, given):
    path = {
        "folder": lambda: model.folder,
        "model.json": lambda: model.folder / "model.json",
        "zip": lambda: packed(tmp_path / "model.zip", files(model)),
        "zip with a top folder": lambda: packed(tmp_path / "model.zip", {"Modèle 1/": b""} | files(model, "Modèle 1/")),
        "zip by a Mac": lambda: packed(tmp_path / "model.zip", files(model, "tiny/") | files(model, "__MACOSX/tiny/")
                                       | {"__MACOSX/model.json": b"metadata", "tiny/.DS_Store": b"metadata"}),
    }[given]()
    said = []
    spec = import_model(path, lambda *what: said.append(what))
    assert spec.folder == cache / "tiny" / "1.2.3"
    assert sorted(f.name for f in spec.folder.iterdir()) == ["README.md", "model.json", "weights.safetensors"]
    assert find_model("tiny") == spec == verify_model("tiny")
    assert said[-1] == ("Copying Tiny: 0.8 MB of 0.8 MB", 1.0)
    assert import_model(path) == spec, "the same once more is no mistake"
    remove_model("tiny")
    assert nothing_came_in(cache)


def test_the_ood_statistics_come_with_the_model_and_are_checked(tmp_path, cache):
    bundled = find_model("brain-t1ce")
    data = json.loads((bundled.folder / "model.json").read_text(encoding="utf-8")) | {"id": "mine"}
    entries = files(bundled) | {"model.json": json.dumps(data).encode()}
    assert import_model(packed(tmp_path / "mine.zip", entries, zipfile.ZIP_STORED)).id == "mine"
    assert verify_model("mine").ood == bundled.ood
    (cache / "mine" / bundled.version / "ood.safetensors").write_bytes(b"damaged")
    with pytest.raises(WeightsError, match=r"ood.safetensors.*damaged"):
        verify_model("mine")
    entries["ood.safetensors"] += b"!"
    with pytest.raises(WeightsError, match=r"ood.safetensors of .* is damaged"):
        import_model(packed(tmp_path / "broken.zip", entries, zipfile.ZIP_STORED))


@pytest.mark.parametrize("kind", [["F32"], {"F32": 1}, None, "C64"])
def test_weights_whose_header_names_a_type_that_is_none_are_refused(tmp_path, model, cache, kind):
    header = json.dumps({"w": {"dtype": kind, "shape": [1], "data_offsets": [0, 4]}}).encode()
    content = struct.pack("<Q", len(header)) + header + bytes(4)
    model.weights.write_bytes(content)
    data = json.loads((model.folder / "model.json").read_text())
    data["weights"]["sha256"] = hashlib.sha256(content).hexdigest()
    (model.folder / "model.json").write_text(json.dumps(data))
    with pytest.raises(WeightsError, match="holds numbers of an unknown type"):
        import_model(model.folder)
    assert nothing_came_in(cache)


@pytest.mark.parametrize("how", ["folder", "zip"])
def test_weights_of_another_sum_or_none_are_refused(tmp_path, model, cache, how):
    model.weights.write_bytes(b"other weights")
    path = model.folder if how == "folder" else packed(tmp_path / "model.zip", files(model))
    with pytest.raises(WeightsError, match=r"weights.safetensors of Tiny is damaged or not the one"):
        import_model(path)
    model.weights.unlink()
    path = model.folder if how == "folder" else packed(tmp_path / "model.zip", files(model))
    with pytest.raises(WeightsError, match=r"weights.safetensors is missing"):
        import_model(path)
    assert nothing_came_in(cache)


def link(name: str, target: str) -> tuple[zipfile.ZipInfo, bytes]:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry, target.encode()


@pytest.mark.parametrize("name", ["../evil.py", "tiny/../../evil.py", "/etc/evil.py", "C:evil.py", "..\\evil.py",
                                  "tiny\\..\\model.json"])
def test_an_archive_with_a_name_that_leads_out_of_it_is_refused(tmp_path, model, cache, name):
    with pytest.raises(WeightsError, match="leads out of the archive"):
        import_model(packed(tmp_path / "model.zip", files(model) | {name: b"import os"}))
    assert nothing_came_in(cache)
    assert not list(tmp_path.rglob("evil.py"))


def test_an_archive_with_a_link_is_refused(tmp_path, model, cache):
    entries = files(model)
    del entries["weights.safetensors"]
    entry, target = link("weights.safetensors", "/etc/passwd")
    with pytest.raises(WeightsError, match="is a link or a device"):
        import_model(packed(tmp_path / "model.zip", entries | {entry: target}))
    assert nothing_came_in(cache)


def test_an_archive_that_would_fill_the_disk_is_refused(tmp_path, cache):
    huge = model_folder(tmp_path / "huge", weights=bytes(64 << 20))
    path = packed(tmp_path / "bomb.zip", files(huge))
    assert path.stat().st_size < 100_000
    with pytest.raises(WeightsError, match=r"weights.safetensors would unpack to 67.1 MB"):
        import_model(path)
    assert nothing_came_in(cache)


def test_an_archive_that_lies_about_a_size_gives_no_more_than_it_says(tmp_path, model, cache):
    path = packed(tmp_path / "model.zip", files(model))
    data = path.read_bytes()
    true, claimed = struct.pack("<L", 800_000), struct.pack("<L", 1000)
    assert data.count(true) >= 2
    path.write_bytes(data.replace(true, claimed))
    with pytest.raises(WeightsError, match=r"damaged"):
        import_model(path)
    path.write_bytes(data.replace(true, struct.pack("<L", 900_000)))
    with pytest.raises(WeightsError, match=r"damaged"):
        import_model(path)
    assert nothing_came_in(cache)


def test_a_description_as_large_as_a_disk_is_refused_before_it_is_read(tmp_path, model, cache):
    with pytest.raises(WeightsError, match=r"its model.json is too large"):
        import_model(packed(tmp_path / "model.zip", files(model) | {"model.json": bytes(5 << 20)}))
    (model.folder / "README.md").write_bytes(bytes(5 << 20))
    with pytest.raises(WeightsError, match=r"README.md of Tiny is too large"):
        import_model(model.folder)
    assert nothing_came_in(cache)


def test_archives_with_two_models_doubled_names_or_too_many_files_are_refused(tmp_path, model):
    with pytest.raises(WeightsError, match=r"one model.json at its top or in one folder, and holds 2"):
        import_model(packed(tmp_path / "model.zip", files(model, "a/") | files(model, "b/")))
    with pytest.raises(WeightsError, match="and holds 0"):
        import_model(packed(tmp_path / "model.zip", files(model, "a/b/")))
    with pytest.warns(UserWarning, match="Duplicate"):
        path = packed(tmp_path / "model.zip", files(model) | {zipfile.ZipInfo("model.json"): b"{}"})
    with pytest.raises(WeightsError, match="is in it twice"):
        import_model(path)
    with pytest.raises(WeightsError, match="it holds 1504 files"):
        import_model(packed(tmp_path / "model.zip", files(model) | {f"{n}": b"" for n in range(1500)}))


@pytest.mark.parametrize("damage", ["cut", "flipped", "lzma", "encrypted", "no zip", "no model", "no JSON"])
def test_what_is_damaged_or_no_model_is_told_in_a_sentence(tmp_path, model, cache, damage):
    path = packed(tmp_path / "model.zip", files(model), zipfile.ZIP_LZMA if damage == "lzma" else zipfile.ZIP_STORED)
    data = bytearray(path.read_bytes())
    if damage == "cut":
        data = data[: len(data) // 2]
    elif damage == "flipped":
        data[len(data) // 2] ^= 255
    elif damage == "encrypted":
        for at in (data.find(b"PK\3\4") + 6, data.find(b"PK\1\2") + 8):
            data[at] |= 1
    elif damage == "no zip":
        data = bytearray(b"just a text")
    elif damage == "no model":
        path = packed(tmp_path / "model.zip", {"holiday.jpg": b"sea"})
        data = bytearray(path.read_bytes())
    elif damage == "no JSON":
        data = bytearray(packed(tmp_path / "m.zip", files(model) | {"model.json": b"not JSON"}).read_bytes())
    path.write_bytes(data)
    with pytest.raises((WeightsError, ModelSpecError)) as raised:
        import_model(path)
    assert str(raised.value).endswith((".", ").")) and nothing_came_in(cache)
    with pytest.raises(ModelSpecError, match="cannot be read"):
        import_model(tmp_path / "nowhere")


def test_a_cancelled_import_leaves_nothing(tmp_path, model, cache):
    def cancel(stage: str, fraction: float) -> None:
        if fraction > 0:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        import_model(model.folder, cancel)
    assert nothing_came_in(cache)


def test_a_bundled_model_is_replaced_by_a_newer_one_alone_and_comes_back_when_that_is_removed(tmp_path):
    bundled = find_model("brain-t1ce")
    for version in (bundled.version, "0.0.1"):
        model_folder(tmp_path / "mine", id="brain-t1ce", version=version)
        with pytest.raises(WeightsError, match=r"comes with UnifiedViT and is never replaced by version"):
            import_model(tmp_path / "mine")
    model_folder(tmp_path / "mine", id="brain-t1ce", version="99.0.0")
    newer = import_model(tmp_path / "mine")
    assert find_model("brain-t1ce") == newer
    remove_model("brain-t1ce")
    assert find_model("brain-t1ce") == bundled


def test_an_installed_model_is_replaced_by_a_newer_or_when_it_is_damaged_and_never_silently(tmp_path, cache):
    first = import_model(model_folder(tmp_path / "a").folder)
    with pytest.raises(WeightsError, match=r"has other contents. Remove the installed one first"):
        import_model(model_folder(tmp_path / "b", weights=b"other").folder)
    with pytest.raises(WeightsError, match=r"the older version 1.2.2. Remove the installed one first"):
        import_model(model_folder(tmp_path / "b", version="1.2.2").folder)
    first.weights.write_bytes(b"damaged")
    assert import_model(tmp_path / "a") == first == verify_model("tiny")
    assert import_model(first.folder) == first, "from the cache itself"
    assert import_model(model_folder(tmp_path / "b", version="1.3.0").folder).version == "1.3.0"
    assert find_model("tiny").version == "1.3.0"


def test_the_version_before_is_kept_and_used_again_when_the_newer_one_is_removed(tmp_path, cache, capsys):
    first, second = (import_model(model_folder(tmp_path / version, version=version, weights=version.encode()).folder)
                     for version in ("1.9.0", "1.10.0"))
    assert find_model("tiny").version == "1.10.0" and verify_model("tiny")
    assert [(entry.version, entry.previous) for entry in list_models() if entry.id == "tiny"] == [("1.10.0", "1.9.0")]
    import_model(model_folder(tmp_path / "third", version="1.11.0").folder)
    assert sorted(folder.name for folder in (cache / "tiny").iterdir()) == ["1.10.0", "1.11.0"], "one to go back to"
    assert main(["models", "remove", "tiny"]) == 0
    assert "tiny is removed. Version 1.10.0 is used again." in capsys.readouterr().out
    assert verify_model("tiny").version == "1.10.0" and find_model("tiny").sha256 == second.sha256
    assert import_model(tmp_path / "third").version == "1.11.0", "and forward again"
    assert first.version == "1.9.0" and remove_model("tiny") == "1.10.0" and remove_model("tiny") == ""
    assert nothing_came_in(cache)


def test_a_broken_version_is_not_what_is_gone_back_to(tmp_path, cache):
    broken = import_model(model_folder(tmp_path / "a").folder)
    broken.weights.unlink()
    import_model(model_folder(tmp_path / "b", version="1.3.0").folder)
    assert [folder.name for folder in (cache / "tiny").iterdir()] == ["1.3.0"] and remove_model("tiny") == ""


def test_what_a_killed_import_left_is_swept_by_the_next(model, cache):
    left = cache / ".partial" / "tiny" / "staged-before"
    left.mkdir(parents=True)
    (left / "weights.safetensors").write_bytes(b"half")
    import_model(model.folder)
    assert not left.exists()


@pytest.mark.skipif(os.name != "posix", reason="named pipes of POSIX")
def test_a_pipe_in_place_of_the_weights_does_not_hang_the_import(model):
    model.weights.unlink()
    os.mkfifo(model.weights)
    with pytest.raises(WeightsError, match="is missing"):
        import_model(model.folder)


def test_an_archive_with_any_byte_changed_gives_the_model_or_a_sentence(tmp_path):
    spec = model_folder(tmp_path / "small", weights=b"w" * 50)
    path = packed(tmp_path / "model.zip", files(spec, "Modèle/"))
    data = path.read_bytes()
    directory = data.find(b"PK\1\2")
    chance = random.Random(0)
    refused = 0
    for _ in range(300):
        changed = bytearray(data)
        changed[chance.randrange(chance.choice((0, directory)), len(data))] = chance.randrange(256)
        path.write_bytes(changed)
        try:
            assert import_model(path).sha256 == spec.sha256
        except (WeightsError, ModelSpecError):
            refused += 1
    assert refused > 100
