"""The command line: `unifiedvit predict`; `unifiedvit models` is in `models_cli`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import __version__
from .errors import UnifiedViTError
from .models_cli import add_models_command

NOTICE = "Research use only. Not for clinical diagnosis."


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0; 1 if some input failed (the others are done); 2 if nothing could be started; 130 if interrupted.
    """
    options = _parser().parse_args(arguments)
    try:
        return options.run(options)
    except UnifiedViTError as error:
        print(f"unifiedvit: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nunifiedvit: stopped. Results written so far are complete.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from .imaging.slicing import PLANES
    from .inference.backends import DEVICES

    parser = argparse.ArgumentParser(
        prog="unifiedvit", description=f"One look at a medical image: where and what. {NOTICE}"
    )
    parser.add_argument("--version", action="version", version=f"unifiedvit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    predict = commands.add_parser(
        "predict", help="segment and diagnose images",
        description="For each input: NAME.seg.nrrd (opens in Slicer as a segmentation), NAME.json, NAME.png; "
        f"and results.csv over all of them. {NOTICE}",
    )
    predict.add_argument("inputs", nargs="+", metavar="INPUT", type=Path, help="NRRD, NIfTI, MHA, DICOM, PNG or JPEG "
                         "files; folders of them; folders with a DICOM series")
    predict.add_argument("--output", "-o", required=True, type=Path, metavar="DIR", help="where results go")
    predict.add_argument("--model", "-m", default=None, metavar="ID|PATH", help="a model's id or folder (see models)")
    predict.add_argument("--device", default="auto", choices=DEVICES)
    predict.add_argument("--plane", default="auto", choices=("auto", *PLANES),
                         help="auto: as acquired, across the largest spacing")
    predict.set_defaults(run=_predict)

    add_models_command(commands)
    return parser


def _predict(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from .imaging.reading import read
    from .inference.predictor import Predictor
    from .outputs.files import csv_row, write_csv
    from .service.catalogue import DEFAULT_MODEL, find_model

    spec = find_model(options.model or DEFAULT_MODEL)
    inputs = _inputs(options.inputs)
    _make_folder(options.output)
    predictor = Predictor(spec, options.device)
    rows, failed, taken = [], 0, set()
    with tqdm(total=len(inputs), unit="image", disable=None, file=sys.stderr) as bar:
        for path in inputs:
            def progress(stage: str, done: float, before: int = len(rows)) -> None:
                bar.set_postfix_str(stage, refresh=False)
                bar.n = round(before + done, 2)
                bar.refresh()

            try:
                volume = read(path)
                prediction = predictor.predict(volume, options.plane, progress)
                name = _free_name(volume.name, taken)
                _write(volume, prediction, options.output, name)
                rows.append(csv_row(str(path), prediction))
                bar.write(_summary(name, prediction), file=sys.stdout)
            except UnifiedViTError as error:
                failed += 1
                rows.append(csv_row(str(path), error))
                bar.write(f"{path}: {error}", file=sys.stderr)
            write_csv(rows, options.output / "results.csv")
    print(f"{len(inputs) - failed} of {len(inputs)} done; results in {options.output}. {NOTICE}")
    return 1 if failed else 0


def _inputs(paths: list[Path]) -> list[Path]:
    """Files and series: a folder stands for the image files in it, or, where there are none, for a DICOM series."""
    from .imaging.reading import SUFFIXES

    found = []
    for path in paths:
        files = sorted(
            file for file in path.iterdir()
            if file.name.lower().endswith(SUFFIXES) and not file.name.lower().endswith((".seg.nrrd", ".dcm"))
        ) if path.is_dir() else []
        found += files or [path]
    return found


def _make_folder(folder: Path) -> None:
    from .errors import OutputError

    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise OutputError(f"The folder {folder} cannot be made ({error.strerror}). Choose another.") from error


def _free_name(name: str, taken: set[str]) -> str:
    """`name`, or with a number where two inputs are called the same."""
    free, n = name, 1
    while free in taken:
        n += 1
        free = f"{name}-{n}"
    taken.add(free)
    return free


def _write(volume, prediction, folder: Path, name: str) -> None:
    from .outputs.files import write_json, write_segmentation
    from .outputs.montage import write_montage

    write_segmentation(prediction, folder / f"{name}.seg.nrrd")
    write_montage(volume, prediction, folder / f"{name}.png")
    write_json(prediction, folder / f"{name}.json")


def _summary(name: str, prediction) -> str:
    diagnosis = prediction.diagnosis
    volumes = ", ".join(f"{s.name} {s.volume_ml:.2f} mL" for s in prediction.segments if s.voxels) or "nothing drawn"
    seconds = prediction.provenance.seconds["total"]
    lines = [f"{name}: {diagnosis.display} ({diagnosis.probability:.0%}); {volumes}; {seconds:.1f} s"]
    return "\n".join([*lines, *(f"  ! {warning}" for warning in prediction.warnings)])


if __name__ == "__main__":
    sys.exit(main())
