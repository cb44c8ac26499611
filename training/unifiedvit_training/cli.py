"""The command line: `unifiedvit-train prepare | pretrain | fit | pack | unpack | evaluate | explain | robustness |
ood | compare | patient | export | publish | superres | superres-dataset | suggest | add | added | remove | adapt |
federate`."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from UnifiedViTLib.errors import UnifiedViTError
from UnifiedViTLib.inference.choices import DEFAULT_UPSCALER
from UnifiedViTLib.service.store.catalogue import DEFAULT_MODEL

from .adaptation.commands import app as adaptation
from .config import load_project
from .corrections.commands import app as corrections
from .errors import ConfigError, TrainingError
from .exporting.commands import app as publishing
from .federation.commands import app as federation
from .patient.commands import app as patient
from .suggestion.commands import app as suggestion

app = typer.Typer(
    name="unifiedvit-train",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    help="""Train a model for UnifiedViT: prepare, pretrain (optional), fit, evaluate, export.

All commands read one YAML (see training/configs/ for examples that explain every section) and work in one folder,
WORK: the prepared images are in WORK/dataset, runs in WORK/<run>. A command that was stopped goes on where it was
when it is run again. Research use only.""",
)

#: The exit code of a command that was stopped with Ctrl-C.
_INTERRUPTED = 130

ProjectFile = Annotated[Path, typer.Argument(metavar="PROJECT.yaml", help="the project: data, model, recipe")]
Work = Annotated[Path, typer.Option("--work-dir", help="folder of the project's results", show_default=True)]
Data = Annotated[Path | None, typer.Option("--data", help="folder that the data paths of the YAML start from "
                                                          "(default: the folder of the YAML)")]
Changes = Annotated[list[str] | None, typer.Option("--set", metavar="SECTION.NAME=VALUE",
                                                   help="replace a value of the YAML, for example fit.batch_size=16; "
                                                        "may be repeated")]
Run = Annotated[str, typer.Option("--run", help="of the run: its folder in WORK")]


@app.command()
def prepare(project: ProjectFile, work: Work = Path("work"), data: Data = None, change: Changes = None) -> None:
    """Check images, masks and labels, split them by patient, and store them as the network will see them.

    Reads the tables or folders of `data.sources`, refuses what is wrong with a list of it, and writes WORK/dataset
    with report.html: sample overlays, histograms, duplicates, leaking splits, odd intensities, and how much of the
    diagnosis could be guessed from brightness alone. Look at it before training.
    """
    from .data.prepare import prepare_dataset

    prepare_dataset(load_project(project, change, data), work / "dataset")


@app.command()
def pretrain(project: ProjectFile, work: Work = Path("work"), change: Changes = None, run: Run = "pretrain") -> None:
    """Let the encoder learn from images alone: parts are hidden, and it paints them back.

    Uses the training side of WORK/dataset without its labels and masks. Give the result to `fit` with
    --set fit.initial.weights=WORK/pretrain/encoder.safetensors.
    """
    from .data.dataset import load_dataset
    from .learning.pretrain import pretrain as learn

    learn(load_project(project, change), load_dataset(work / "dataset"), work / run)


@app.command()
def fit(
    project: ProjectFile, work: Work = Path("work"), change: Changes = None, run: Run = "fit",
    task: Annotated[str | None, typer.Option(help="both, classification or segmentation: the last two train the "
                                                  "single-task baseline")] = None,
    devices: Annotated[int | None, typer.Option(help="GPUs, or processes on CPUs, of each machine")] = None,
    num_nodes: Annotated[int | None, typer.Option(help="machines")] = None,
    strategy: Annotated[str | None, typer.Option(help="of Lightning Fabric: ddp, fsdp, ...")] = None,
    max_minutes: Annotated[float | None, typer.Option(min=0, help="stop behind a step when so many are over; the same "
                                                                  "command then goes on")] = None,
) -> None:
    """Train the network on both tasks at once.

    WORK/<run> gets the averaged weights (best.safetensors), the state to go on from, curves as CSV and for
    TensorBoard (`tensorboard --logdir WORK`). Several machines: start the same command under torchrun or SLURM, with
    --devices, --num-nodes and --strategy ddp.
    """
    from .data.dataset import load_dataset
    from .learning.fit import fit as learn

    short = {"model.task": task, "machine.devices": devices, "machine.num_nodes": num_nodes,
             "machine.strategy": strategy}
    changes = [*(change or []), *(f"{name}={value}" for name, value in short.items() if value is not None)]
    learn(load_project(project, changes), load_dataset(work / "dataset"), work / run, max_minutes)


@app.command()
def pack(
    project: ProjectFile,
    output: Annotated[Path, typer.Option(help="folder for the archives: part-00.zip and so on, 50 MB each at most")],
    work: Work = Path("work"), change: Changes = None,
) -> None:
    """Pack WORK/dataset, the project and the weights it begins from into archives for another machine.

    Images become bytes, which are finer than the noise of training. `unpack` makes a folder WORK of them there, in
    which `fit` needs no network. Whole volumes do not travel: `evaluate` where the images are.
    """
    from .data.dataset import check_dataset_fits, load_dataset
    from .data.packing import pack_dataset
    from .learning.portable import portable_files

    configuration, dataset = load_project(project, change), load_dataset(work / "dataset")
    check_dataset_fits(dataset, configuration.model)
    parts = pack_dataset(dataset, portable_files(configuration), output)
    size = sum(part.stat().st_size for part in parts) / 1e6
    print(f"{len(dataset.slices)} slices in {len(parts)} archives, {size:.1f} MB: {output}")


@app.command()
def unpack(
    packed: Annotated[Path, typer.Argument(metavar="FOLDER", help="with the archives that `pack` wrote")],
    work: Work = Path("work"),
) -> None:
    """Make a folder WORK of the archives that `pack` wrote, ready for `fit WORK/project.yaml --work-dir WORK`."""
    from .data.packing import unpack_dataset

    dataset = unpack_dataset(packed, work)
    print(f"{len(dataset.slices)} slices. Train with: unifiedvit-train fit {work / 'project.yaml'} --work-dir {work}")


@app.command()
def evaluate(
    work: Work = Path("work"), run: Run = "fit",
    tta: Annotated[bool, typer.Option("--tta", help="measure the mean over slices and their mirror images, and "
                                                        "write into WORK/<run>/evaluation-tta")] = False,
    uncertainty: Annotated[bool, typer.Option("--uncertainty", help="measure the confidence of several passes too; "
                                                                    "four times the time")] = False,
    model: Annotated[str | None, typer.Option(help="instead of a run: folder or id of a model, an ensemble too; its "
                                                   "metrics go into WORK/<id>/evaluation")] = None,
) -> None:
    """Measure a run on the validation and test sides, and on whole volumes, and show its worst cases.

    Chooses the calibration temperature, the volume rule and the probability under which a diagnosis is called uncertain
    on the validation side. Writes WORK/<run>/evaluation/report.html and results.json; `export` needs them.
    """
    from UnifiedViTLib.service.store.catalogue import find_model

    from .data.dataset import load_dataset
    from .evaluation.evaluate import evaluate as measure
    from .evaluation.evaluate import evaluate_model
    from .runs.project_file import load_run_project

    if model:
        evaluate_model(find_model(model), load_dataset(work / "dataset"), work, tta, uncertainty)
        return
    measure(load_run_project(work / run), load_dataset(work / "dataset"), work / run, tta, uncertainty)


@app.command()
def explain(
    work: Work = Path("work"),
    run: Run = "fit",
    num_slices: Annotated[
        int, typer.Option(min=2, help="with a lesion to measure on, as many of each diagnosis")
    ] = 100,
    output: Annotated[Path | None, typer.Option(help="folder for the report (default: WORK/<run>/explanation)")] = None,
) -> None:
    """Measure which map of what speaks for a diagnosis can be believed.

    Every method is compared with the experts' masks, after small changes of the image, with parts of the image taken
    out, and with random weights. Writes report.html and results.json.
    """
    from .data.dataset import load_dataset
    from .evaluation.explanation.evaluate import FOLDER
    from .evaluation.explanation.evaluate import explain as measure
    from .runs.project_file import load_run_project

    measure(load_run_project(work / run), load_dataset(work / "dataset"), work / run, output or work / run / FOLDER,
            num_slices)


@app.command()
def superres(
    project: ProjectFile, work: Work = Path("work"), change: Changes = None, run: Run = "superres",
    model: Annotated[str, typer.Option(help="id or folder of the model whose attention chooses what is measured apart")
                     ] = DEFAULT_MODEL,
    num_slices: Annotated[int, typer.Option(min=1, help="of the validation side to measure on")] = 300,
) -> None:
    """Train the upscaler of `unifiedvit predict --superres` on the images of WORK/dataset, and measure it.

    Slices are taken as they were stored, made four times as coarse, and are to be drawn again. WORK/<run> gets the
    weights with their description (an upscaler: --superres WORK/<run>), curves, and results.json with PSNR and SSIM
    against Lanczos and bicubic interpolation.
    """
    from UnifiedViTLib.inference.superres.upscalers import make_upscaler

    from .data.dataset import load_dataset
    from .superres.measure import measure, summary
    from .superres.train import describe, train

    given, dataset = load_project(project, change), load_dataset(work / "dataset")
    train(given, dataset, work / run)
    describe(given, work / run, [])
    results = measure(dataset, {"learned": make_upscaler(str(work / run))}, model, num_slices, work / run)
    describe(given, work / run, summary(results))
    print(f"{json.dumps(summary(results), indent=1)}\nUpscaler: {work / run}")


@app.command()
def superres_dataset(
    output: Annotated[Path, typer.Option(help="another folder WORK, whose dataset is written")],
    work: Work = Path("work"), run: Run = "fit",
    upscaler: Annotated[str, typer.Option(help="learned, lanczos, or a folder with an upscaler")] = DEFAULT_UPSCALER,
) -> None:
    """Write WORK/dataset once more with the regions that a run attends to drawn by an upscaler, to train on.

    Then `fit --work-dir OUTPUT` and `evaluate --work-dir OUTPUT` as usual, and `compare` tells what it has brought.
    Labels and masks play no part in the choice of regions.
    """
    from UnifiedViTLib.inference.superres.upscalers import make_upscaler

    from .data.dataset import load_dataset
    from .runs.project_file import load_run_project
    from .superres.dataset import super_resolve_dataset

    made = super_resolve_dataset(load_run_project(work / run), load_dataset(work / "dataset"), work / run,
                                 make_upscaler(upscaler), output / "dataset")
    print(f"Super-resolved images: {made}")


@app.command()
def robustness(
    networks: Annotated[list[str], typer.Argument(metavar="RUN_OR_MODEL...", help="name or folder of an evaluated run, "
                                                  "or id or folder of a model; all are compared with the first")],
    work: Work = Path("work"),
    output: Annotated[Path | None, typer.Option(help="folder for the report (default: WORK/robustness)")] = None,
    num_slices: Annotated[int, typer.Option(min=4, help="to measure on, as many of each diagnosis")] = 200,
    source: Annotated[str | None, typer.Option(help="slices of this source of the YAML alone")] = None,
    corruption: Annotated[list[str] | None, typer.Option(help="one of the corruptions (default: all); may be repeated")
                          ] = None,
    adapt: Annotated[bool, typer.Option("--adapt", help="measure each a second time, with its batch normalisation "
                                                        "adapted to what it looks at")] = False,
) -> None:
    """Measure what is left of accuracy and Dice when images get worse: noise, motion, rotation and others.

    All networks see the same pictures, those of WORK/dataset, each at its own size. Writes report.html and
    results.json.
    """
    from .data.dataset import load_dataset
    from .evaluation.robustness.corruptions import CORRUPTIONS
    from .evaluation.robustness.evaluate import FOLDER
    from .evaluation.robustness.evaluate import robustness as measure
    from .evaluation.robustness.evaluated_model import find_evaluated_model

    dataset = load_dataset(work / "dataset")
    measure(
        [find_evaluated_model(name, work) for name in networks],
        dataset,
        output or work / FOLDER,
        num_slices,
        source,
        adapt,
        corruption or tuple(CORRUPTIONS),
    )


@app.command()
def ood(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="id or folder of a model with statistics of what it was trained on")
    ],
    work: Work = Path("work"),
    ood_val: Annotated[
        list[Path] | None,
        typer.Option(
            help="out-of-distribution images (a file or a folder) on which a way to "
            "tell may be chosen, as the drawn ones; may be repeated"
        ),
    ] = None,
    ood_test: Annotated[
        list[Path] | None, typer.Option(help="out-of-distribution images kept for the end; may be repeated")
    ] = None,
    in_distribution: Annotated[
        list[Path] | None, typer.Option(help="in-distribution images, which are to pass; may be repeated")
    ] = None,
    output: Annotated[Path | None, typer.Option(help="folder for the report (default: WORK/ood)")] = None,
    num_slices: Annotated[int, typer.Option(min=20, help="of the training and of the validation side, at most")] = 1000,
) -> None:
    """Measure whether a model notices images that it does not know, and how often it errs on those that it does.

    Noise, shapes, photographs and in-distribution images held the wrong way are made here; name files for more. Ways to
    tell are compared. Writes report.html and results.json.
    """
    from UnifiedViTLib.service.store.catalogue import find_model

    from .data.dataset import load_dataset
    from .evaluation.ood.evaluate import evaluate_ood as measure

    measure(find_model(model), load_dataset(work / "dataset"), output or work / "ood", ood_val or (),
            ood_test or (), in_distribution or (), num_slices)


@app.command()
def compare(
    first: Annotated[str | None, typer.Argument(help="name of a run or a measured model, or RUN/evaluation-tta")
                     ] = None,
    second: Annotated[str | None, typer.Argument(help="name of the run, or the evaluation, to compare it with")] = None,
    work: Work = Path("work"),
    output: Annotated[Path | None, typer.Option(help="folder for the report (default: WORK/compare-FIRST-SECOND, or "
                                                     "WORK/report)")] = None,
    config: Annotated[Path | None, typer.Option(help="YAML of networks to train and compare instead; see "
                                                     "training/configs/comparison.yaml")] = None,
    data: Data = None,
    only: Annotated[list[str] | None, typer.Option(help="with --config: name of an entry or a set to train; may be "
                                                        "repeated")] = None,
    jobs: Annotated[int, typer.Option(min=1, help="with --config: runs at a time, each with its share of the cores")
                    ] = 1,
) -> None:
    """Compare two evaluated runs on the same slices, or train many networks under one recipe and compare them all.

    Differences come with paired bootstrap intervals by patient. With --config, runs that are finished are not made
    again, and the report is of those that are there.
    """
    if config:
        from .comparison.plan import load_comparison
        from .comparison.report import write_report
        from .comparison.train import train_all

        plan = load_comparison(config)
        train_all(plan, work, data, only or [], jobs)
        write_report(plan, work, data, output or work / "report")
        return
    if not (first and second):
        raise ConfigError("Name two runs to compare, or a YAML with --config.")
    from .evaluation.compare import compare as measure

    measure(work / first, work / second, output or work / f"compare-{first}-{second}".replace("/", "-"))


@app.command()
def export(
    output: Annotated[Path, typer.Option(help="the model's folder; Slicer and `unifiedvit models` list it from there")],
    work: Work = Path("work"), run: Run = "fit",
    onnx: Annotated[bool, typer.Option(help="write model.onnx too, for use without torch")] = True,
    sequences: Annotated[Path | None, typer.Option(
        help="a folder WORK of another project, with images of several channels: a model of one image learns to notice "
             "those that are not its own")] = None,
    channel: Annotated[str, typer.Option("--as", help="which channel of --sequences is this model's")] = "",
) -> None:
    """Write a model folder: description, weights, ONNX, model card. Needs `evaluate` to have been run."""
    from .exporting.export import export as write
    from .runs.project_file import load_run_project

    write(load_run_project(work / run), work / run, output, onnx, sequences=sequences, alone=channel)


app.registered_commands += (corrections.registered_commands + publishing.registered_commands
                            + suggestion.registered_commands + adaptation.registered_commands
                            + federation.registered_commands + patient.registered_commands)


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; returns an exit code. What a user can put right ends in a sentence, not a traceback."""
    gc.set_threshold(10_000)  # 700 is for programs with little memory: a sixth of the time that torch takes to import
    try:
        if app(args=arguments, standalone_mode=False) == _INTERRUPTED:  # so newer versions of typer tell Ctrl-C
            raise KeyboardInterrupt
    except (TrainingError, UnifiedViTError) as error:
        print(f"unifiedvit-train: {error}", file=sys.stderr)
        return 1
    except typer.Exit as stop:
        return stop.exit_code
    except (typer.Abort, KeyboardInterrupt):
        print("Stopped. Run the same command again to go on.", file=sys.stderr)
        return _INTERRUPTED
    except Exception as error:  # click's own: a wrong option, shown with the usage
        words = getattr(error, "format_message", None)
        if words is None:
            raise
        print(f"unifiedvit-train: {words()}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
