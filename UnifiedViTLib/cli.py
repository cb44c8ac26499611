"""The command line: `unifiedvit predict`; `patient` is in `patient_cli`, `compare` in `compare_cli`, `models` in
`models_cli`, `serve` in `server_cli`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

from . import NOTICE, __version__
from .channels_cli import add_channel_options, channels_asked_for
from .cli_options import add_options, options_of
from .compare_cli import add_compare_command
from .dicomweb_cli import add_dicomweb_options, check_dicomweb_options, series_asked_for
from .errors import UnifiedViTError, UnsupportedImageError
from .inference.options import Options, check_highdicom
from .models_cli import add_models_command
from .outputs.inventory import Inventory
from .patient_cli import add_patient_command
from .region_cli import add_region_options, region_asked_for
from .server_cli import add_serve_command, add_server_options, find_server_models, server_asked_for
from .service.batch.inputs import collect_inputs
from .service.batch.models import process_with_each
from .service.batch.runner import BatchExecutor, BatchSettings, TaskResult, serial
from .service.dicomweb.series import RemoteSeries
from .service.remote.address import ServerAddress
from .service.worker.client import WorkerClient
from .spec import ModelSpec
from .streams import open_standard_streams, tell
from .texts import printable


def main(arguments: list[str] | None = None) -> int:
    """Run the command line.

    Returns:
        0; 1 if some input failed, or a result could not be stored (the others are done); 2 if nothing could be started;
        130 if interrupted.
    """
    open_standard_streams()
    parser, given = _parser(), sys.argv[1:] if arguments is None else arguments
    if any(not text or (text.startswith("--") and text.endswith("=")) for text in given):
        parser.error("an argument is empty, which would mean the current folder: is a variable of the shell not set?")
    options = parser.parse_args(given)
    try:
        return options.run(options)
    except UnifiedViTError as error:
        tell(printable(f"unifiedvit: {error}"), sys.stderr)
        return 2
    except KeyboardInterrupt:
        tell("\nunifiedvit: stopped. Results written so far are complete.", sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    from .inference.backends.base import DEVICES

    parser = argparse.ArgumentParser(
        prog="unifiedvit", description=f"One look at a medical image: where and what. {NOTICE}"
    )
    parser.add_argument("--version", action="version", version=f"unifiedvit {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    predict = commands.add_parser(
        "predict", help="segment and diagnose images",
        description="For each input: NAME.seg.nrrd (opens in Slicer as a segmentation), NAME.json, NAME.html, "
        f"NAME.png; and results.csv over all of them. {NOTICE}",
    )
    predict.add_argument("inputs", nargs="*", metavar="INPUT", type=Path, help="NRRD, NIfTI, MHA, DICOM, PNG or JPEG "
                         "files; folders of them; folders with a DICOM series; DICOMDIRs")
    predict.add_argument("--output", "-o", required=True, type=Path, metavar="DIR", help="where results go")
    predict.add_argument("--model", "-m", action="append", default=[], metavar="ID|PATH", help="a model's id or folder "
                         "(see models); may be given several times: each input is looked at by each model")
    predict.add_argument("--device", default="auto", choices=DEVICES)
    add_options(predict)
    predict.add_argument("--skip-existing", action="store_true",
                         help="leave out inputs whose result in DIR is of the same files, model, options and software, "
                         "and whole")
    predict.add_argument("--jobs", "-j", type=_jobs, metavar="N", help="number of worker processes; cores are "
                         "divided among them, GPUs assigned in turn; with --server, inputs that are there at a time "
                         "(default: 1)")
    predict.add_argument("--cluster", nargs="?", const="", metavar="ADDRESS", help="spread the inputs over a Ray "
                         "cluster, whose machines must see the same files; \"auto\": the one that this machine is part "
                         "of; without ADDRESS: processes of this machine; at most --jobs at a time")
    add_channel_options(predict)
    add_region_options(predict, "Only slices that it touches are looked at, and what is drawn outside of it is left "
                       "out; for one input.")
    add_dicomweb_options(predict)
    add_server_options(predict)
    predict.set_defaults(run=_predict)

    add_patient_command(commands)
    add_compare_command(commands)
    add_models_command(commands)
    add_serve_command(commands)
    return parser


def _jobs(text: str) -> int:
    """A number from 1."""
    if not text.isdigit() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1")
    return int(text)


def _predict(options: argparse.Namespace) -> int:
    from tqdm import tqdm

    check_dicomweb_options(options)
    address = server_asked_for(options)
    asked = options_of(options)
    asked = replace(asked, dicom=asked.dicom or options.store)
    specs, software = _models(options, asked, address)
    inputs = _inputs(options)
    if not inputs:
        tell(f"{options.dicomweb} has no study since {options.since} with series that fit: nothing to do.", sys.stdout)
        return 0
    channels, further = channels_asked_for(options, inputs, specs)
    inputs = further.without_further(inputs)
    asked = replace(asked, region=region_asked_for(options, inputs, WorkerClient, bool(options.since)))
    settings = [BatchSettings(spec, asked, options.device, input_channel=options.input_channel, channels=channels,
                              further=further, store=options.store, server=address, software=software)
                for spec in specs]
    not_stored: list[str] = []
    total = len(inputs) * len(specs)
    with tqdm(total=total, unit="image", disable=None, file=sys.stderr) as bar:
        def progress(stage: str, fraction: float) -> None:
            bar.set_postfix_str(stage, refresh=False)
            bar.n = round(fraction * total, 2)
            bar.refresh()

        def ended(result: TaskResult) -> None:
            text = result.text or f"{result.row['result']}: done before"
            failed = result.row["status"] != "done"
            by = f" ({result.row['model']})" if len(specs) > 1 else ""
            lines = (f"{result.path}{by}: {text}" if failed else text).split("\n")
            not_stored.extend(result.not_stored)
            with bar.external_write_mode():
                tell("\n".join(map(printable, lines)), sys.stderr if failed else sys.stdout)
                for sentence in result.not_stored:
                    tell(printable(f"  {sentence}"), sys.stderr)

        with _executor(options, bool(channels)) as executor:
            rows, failures = process_with_each(inputs, options.output, settings, executor, options.skip_existing,
                                               progress, ended)
    for sentence in failures:
        tell(printable(f"unifiedvit: {sentence}"), sys.stderr)
    done = sum(row["status"] == "done" for row in rows)
    table = Inventory(options.output).state().table
    tell(f"{done} of {total} done; results in {options.output}, listed in {table}. {NOTICE}", sys.stdout)
    return 1 if done < total or not_stored else 0


def _models(options: argparse.Namespace, asked: Options, address: ServerAddress | None
            ) -> tuple[list[ModelSpec], Mapping[str, str] | None]:
    """The models, which can run so; and the software of the server that runs them, None for this computer."""
    from .service.store.catalogue import DEFAULT_MODEL, find_models

    if address:
        if asked.dicom:  # which are written here
            check_highdicom()
        server, specs = find_server_models(address, options.model, asked, DEFAULT_MODEL)
        return specs, server.software
    specs = find_models(options.model)
    for spec in specs:
        asked.check(spec)
    return specs, None


def _inputs(options: argparse.Namespace) -> Sequence[Path | RemoteSeries]:
    """What to look at; nothing where a server has nothing new."""
    if options.dicomweb:
        return series_asked_for(options)
    inputs = collect_inputs(options.inputs, lambda sentence: tell(sentence, sys.stderr), options.pattern or "*")
    if not inputs:
        raise UnsupportedImageError("There is no image to look at: all that is named was left out.")
    return inputs


@contextmanager
def _executor(options: argparse.Namespace, has_channels: bool) -> Iterator[BatchExecutor]:
    """One input after the other, several at a time, or over a cluster; an input with further sequences is alone."""
    if options.cluster is not None and not has_channels:
        from .service.batch.ray_cluster import ray_cluster

        yield ray_cluster(options.cluster, options.jobs)
    elif options.jobs and options.jobs > 1 and not has_channels:
        from .service.batch.multiprocess import multiprocess

        yield multiprocess(options.jobs)
    else:
        with closing(WorkerClient()) as client:
            yield serial(client)


if __name__ == "__main__":
    sys.exit(main())
