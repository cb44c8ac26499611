"""The command line: `unifiedvit predict`; `unifiedvit models` is in `models_cli`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from . import NOTICE, __version__
from .errors import ModelSpecError, UnifiedViTError, UnsupportedImageError
from .imaging.volume import Volume
from .inference.prediction import Prediction
from .models_cli import add_models_command


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
    from .inference.explain import DEFAULT_METHOD, METHODS

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
    predict.add_argument("--input-is", default="", metavar="NAME",
                         help="for models that look at several sequences: which one the inputs are (else the first)")
    predict.add_argument("--channel", action="append", default=[], metavar="NAME=FILE", type=_channel,
                         help="a further sequence of the one input; those not given are missing (see models)")
    predict.add_argument("--flips", action="store_true", help="look at mirrored slices too; takes twice as long")
    predict.add_argument("--explain", nargs="?", const=DEFAULT_METHOD, choices=METHODS, metavar="METHOD",
                         help="write NAME.heatmap.nrrd too: in percent, what speaks for the diagnosis and where; takes "
                         f"three times as long. {', '.join(METHODS)} (default: {DEFAULT_METHOD})")
    predict.add_argument("--explain-class", metavar="NAME", help="with --explain: explain this class, whatever the "
                         "diagnosis (default: the diagnosed one)")
    predict.add_argument("--skip-existing", action="store_true",
                         help="go on where an earlier run of the same model ended")
    predict.set_defaults(run=_predict)

    add_models_command(commands)
    return parser


def _channel(text: str) -> tuple[str, Path]:
    """NAME=FILE."""
    name, separator, file = text.partition("=")
    if not (name and separator and file):
        raise argparse.ArgumentTypeError(f"{text!r}: write it as NAME=FILE, for example t2=t2.nrrd")
    return name, Path(file)


def _further_channels(options: argparse.Namespace, inputs: list[Path]) -> dict[str, Volume]:
    """The images of --channel, read."""
    from .imaging.reading import read

    names = [name for name, _ in options.channel]
    if names and len(inputs) != 1:
        raise UnsupportedImageError(f"--channel belongs to one input, not to {len(inputs)}. Run each by itself.")
    if len(set(names)) < len(names):
        raise UnsupportedImageError("--channel gives two images for one sequence. Give each sequence once.")
    return {name: read(path) for name, path in options.channel}


def _predict(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    from .inference.channels import refuse_unknown, together
    from .inference.options import Options
    from .inference.predictor import Predictor
    from .service.batch import find_inputs, process_files
    from .service.cache import compiled_folder
    from .service.catalogue import DEFAULT_MODEL, find_model

    if options.explain_class and not options.explain:
        raise ModelSpecError("--explain-class says what to explain; add --explain to have an explanation.")
    spec = find_model(options.model or DEFAULT_MODEL)
    # What does not exist becomes a row of the table, as other bad inputs.
    inputs = [file for path in options.inputs for file in (find_inputs(path) if path.exists() else [path]) or [path]]
    others = _further_channels(options, inputs)
    refuse_unknown([name for name in (options.input_is, *others) if name], spec)
    predictor = Predictor(spec, options.device, cache=compiled_folder())
    asked = Options(options.plane, options.flips, explain=options.explain, explain_class=options.explain_class)
    asked.check(spec)
    with tqdm(total=len(inputs), unit="image", disable=None, file=sys.stderr) as bar:
        def progress(stage: str, done: float) -> None:
            bar.set_postfix_str(stage, refresh=False)
            bar.n = round(done * len(inputs), 2)
            bar.refresh()

        def ended(path: Path, result: Prediction | UnifiedViTError | None, name: str) -> None:
            if isinstance(result, UnifiedViTError):
                bar.write(f"{path}: {result}", file=sys.stderr)
            else:
                bar.write(f"{name}: done before" if result is None else _summary(name, result), file=sys.stdout)

        rows = process_files(
            inputs, options.output, spec,
            lambda volume, told: predictor.predict(together(volume, others, spec, options.input_is), asked, told),
            skip_existing=options.skip_existing, with_heatmap=bool(options.explain), progress=progress, ended=ended,
        )
    failed = sum(row["status"] != "done" for row in rows)
    print(f"{len(inputs) - failed} of {len(inputs)} done; results in {options.output}. {NOTICE}")
    return 1 if failed else 0


def _summary(name: str, prediction) -> str:
    diagnosis = prediction.diagnosis
    volumes = ", ".join(f"{s.name} {s.volume_ml:.2f} mL" for s in prediction.segments if s.voxels) or "nothing drawn"
    seconds = prediction.provenance.seconds["total"]
    lines = [f"{name}: {diagnosis.display} ({diagnosis.probability:.0%}); {volumes}; {seconds:.1f} s"]
    return "\n".join([*lines, *(f"  ! {warning}" for warning in prediction.warnings)])


if __name__ == "__main__":
    sys.exit(main())
