"""`unifiedvit patient --table`: many patients, each with images and metadata of his or her own and of nobody else."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import pytest
import SimpleITK as sitk
from builders import head_volume, to_sitk, write_series
from once import copy_of
from patient_heads import give_patient_head

from UnifiedViTLib.cli import main
from UnifiedViTLib.errors import MetadataError, OutputError, UnsupportedImageError
from UnifiedViTLib.service.batch.patient_list import read_patients
from UnifiedViTLib.service.batch.patients import diagnose_patients
from UnifiedViTLib.service.batch.runner import BatchSettings, serial
from UnifiedViTLib.service.worker.client import WorkerClient
from UnifiedViTLib.spec import ModelSpec

HEAD = head_volume(shape=(4, 45, 41))


@pytest.fixture(scope="module")
def spec(proven, tmp_path_factory) -> ModelSpec:
    return give_patient_head(copy_of(proven.folder, tmp_path_factory.mktemp("head") / "model").folder)


@pytest.fixture(scope="module")
def client(warm_client) -> WorkerClient:
    return warm_client


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_image(name: str, brighter: float) -> None:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    sitk.WriteImage(to_sitk(replace(HEAD, array=HEAD.array + brighter * (HEAD.array > 250))), name)


def run(text: str, spec: ModelSpec, client: WorkerClient, **options) -> dict[str, tuple[str, str]]:
    """Diagnosis and error of each patient of a table."""
    Path("patients.txt").write_text(text, encoding="utf-8")
    results = diagnose_patients(read_patients(Path("patients.txt"), spec), Path("out"), BatchSettings(spec),
                                serial(client), **options)
    return {one.name: (one.diagnosis.diagnosis.label if one.diagnosis else "", one.error) for one in results}


def rows() -> dict[str, dict[str, str]]:
    with open("out/patients.csv", encoding="utf-8") as file:
        return {row["patient"]: row for row in csv.DictReader(file)}


def test_each_patient_of_a_table_gets_the_diagnosis_of_patient_and_a_bad_one_costs_its_row(home, spec, capsys):
    for n, name in enumerate(("a/1.nrrd", "a/2.nrrd", "b/1.nrrd", "c/1.nrrd")):
        write_image(f"images/{name}", 20.0 * n)
    Path("images/table.csv").write_text(
        "\ufeffpatient;image;image_right;age;sex\nAnn;a/1.nrrd;a\\2.nrrd;63;f\nBob;b/1.nrrd;;;M\nCid;c/1.nrrd;;630;\n"
        "Dan;nowhere.nrrd;;;\nBob;;;51;\n", encoding="utf-8")
    assert main(["patient", "--table", "images/table.csv", "-m", str(spec.folder), "-o", "out"]) == 1
    out, err = capsys.readouterr()
    assert "2 of 4 patients done" in out and "Ann: " in out and "Bob: " in out
    assert "Cid: Line 4: age is '630', but a number from 0 to 120 years" in err and "Dan: " in err
    table, document = rows(), json.loads(Path("out/patients.json").read_text())
    assert list(table) == ["Ann", "Bob", "Cid", "Dan"] and table["Ann"]["images"] == "2"
    assert [one["patient"] for one in document["failed"]] == ["Cid", "Dan"]
    ann, bob = document["patients"]
    assert bob["metadata"] == {"age": 51.0, "sex": "M"} and table["Bob"]["missing"] == ""
    assert float(table["Ann"][f"p_{ann['diagnosis']['label']}"]) == pytest.approx(ann["diagnosis"]["probability"],
                                                                               abs=1e-4)
    by_source = {json.loads(file.read_text())["manifest"]["request"]["source"]: str(file)
                 for file in Path("out").glob("[12]*.json")}
    assert main(["patient", *(by_source[str(home / "images" / "a" / name)] for name in ("1.nrrd", "2.nrrd")),
                 "-m", str(spec.folder), "--metadata", "age=63", "--metadata", "sex=F", "-o", "ann.json"]) == 0
    assert json.loads(Path("ann.json").read_text())["diagnosis"] == ann["diagnosis"]


def test_a_run_that_was_stopped_goes_on_and_results_of_predict_are_as_good_as_images(home, spec, client):
    for n in range(3):
        write_image(f"{n}.nrrd", 20.0 * n)
    text = "patient,image\n" + "".join(f"p{n},{n}.nrrd\n" for n in range(3))

    def stop(result):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run(text, spec, client, ended=stop)
    assert Path("out/0.json").exists() and not Path("out/patients.json").exists()
    looked: list[str] = []
    found = run(text, spec, client, skip_existing=True,
                ended=lambda result: looked.append(result.path.name) if result.text else None)
    assert looked == ["1.nrrd", "2.nrrd"] and not any(error for _, error in found.values())
    before = rows()
    stored = run("patient,image\n" + "".join(f"p{n},out/{n}.json\n" for n in range(3)), spec, client)
    assert stored == found and rows() == before


def test_images_are_never_of_two_patients(home, spec, client):
    write_image("1.nrrd", 0.0)
    for n, identifier in enumerate(("A1", "A1", "B2", "C3")):
        array = HEAD.array + 20 * (n + 1) * (HEAD.array > 250)
        write_series(home / f"s{n}", array.astype("int16"), HEAD.ijk_to_ras, patient=identifier)
    found = run("patient,image,image_2\nx,s0,s1\ny,s1,s2\nz,1.nrrd,\nv,1.nrrd,\nw,s3,\n", spec, client)
    assert "is of another patient than" in found["y"][1]
    assert "is an image of v, too" in found["z"][1] and "is an image of z, too" in found["v"][1]
    assert found["x"][0] and found["w"][0]                                      # pseudonyms agree with no file
    sitk.WriteImage(sitk.ReadImage("1.nrrd"), "1.nii.gz")
    found = run("patient,image\nz,1.nrrd\nv,1.nii.gz\n", spec, client, skip_existing=True)
    assert "1.nii.gz is an image of z, too" in found["v"][1] and "1.nrrd is an image of v, too" in found["z"][1]
    found = run("patient,image\nA1,s0\nB2,s3\nC3,s2\n1,1.nrrd\n", spec, client, skip_existing=True)
    assert "s3 states another Patient ID than B2" in found["B2"][1] and "than C3" in found["C3"][1]
    assert found["A1"][0] and found["1"][0]


def test_a_table_that_somebody_else_wrote_or_wrote_into_stays(home, spec, client):
    write_image("0.nrrd", 0.0)
    text = "patient,image\np0,0.nrrd\n"
    Path("out").mkdir()
    Path("out/patients.csv").write_text("mine")
    with pytest.raises(OutputError, match=r"patients\.csv in out is not of UnifiedViT"):
        run(text, spec, client)
    assert Path("out/patients.csv").read_text() == "mine" and not Path("out/0.json").exists()
    Path("out/patients.csv").unlink()
    run(text, spec, client)
    earlier = Path("out/patients.csv").read_bytes()
    run(text.replace("p0", "p1"), spec, client, skip_existing=True)
    Path("out/patients.csv").write_bytes(earlier)           # as after a crash between the two files
    assert run(text, spec, client, skip_existing=True)["p0"][0] and list(rows()) == ["p0"]
    with open("out/patients.csv", "a") as file:
        file.write("a remark")
    with pytest.raises(OutputError, match="was changed since"):
        run(text, spec, client, skip_existing=True)


@pytest.mark.parametrize(("text", "words"), [
    ("patient,picture\np,1.nrrd\n", "needs a column patient and a column image"),
    ("patient,image,ages\np,1.nrrd,63\n", "has the column 'ages', which .* does not know. It knows age, sex"),
    ("patient,image,age,age\np,1.nrrd,63,64\n", "two columns of one name"),
    ("patient,image,age\np,1.nrrd\n", "line 2, does not have 3 cells"),
    ("patient,image\n,1.nrrd\n", "line 2, names no patient"),
    ("patient,image\nP01,1.nrrd\np1,2.nrrd\n", "line 3, names p1, a line before it P01: if this is one patient"),
    ("patient,image\nnan,1.nrrd\n", "line 2, names no patient"),
    ("patient;image\np;1.nrrd\n1,23E+11;2.nrrd\n1,23E+11;3.nrrd\n", "lines 3, 4: 1,23E.11 is no longer the name"),
    ("patient,image\n\n", "has no patients"),
    ("", "needs a column patient"),
])
def test_a_table_that_cannot_be_meant_is_refused_whole(text, words, home, spec):
    Path("table.csv").write_text(text)
    with pytest.raises((UnsupportedImageError, MetadataError), match=words):
        read_patients(Path("table.csv"), spec)


def test_lines_of_a_patient_that_contradict_each_other_and_a_patient_without_an_image_are_told(home, spec):
    Path("table.csv").write_text("patient,image,age\np,1.nrrd,63\np,2.nrrd,63.0\nq,1.nrrd,63\nq,2.nrrd,64\nr,,63\n")
    p, q, r = read_patients(Path("table.csv"), spec)
    assert p.problem == "" and p.metadata == {"age": 63.0} and len(p.images) == 2
    assert q.problem == "Line 5 gives another age than a line before it. Put it right."
    assert "No image is named" in r.problem


def test_options_that_do_not_go_together_are_refused(home, spec, capsys):
    for arguments, words in ((["a.nrrd", "--table", "t.csv"], "one of the two"), ([], "one of the two"),
                             (["--table", "t.csv", "--metadata", "age=63"], "columns of the table"),
                             (["--table", "t.csv"], "needs --output DIR"),
                             (["a.nrrd", "--skip-existing"], "belongs to --table")):
        assert main(["patient", *arguments, "-m", str(spec.folder)]) == 2
        assert words in capsys.readouterr().err
