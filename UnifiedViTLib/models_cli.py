"""The command line: `unifiedvit models
list|download|import|ensemble|which|remove|verify|cache|repositories`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from .errors import UnifiedViTError
from .repositories_cli import add_repositories_command
from .spec import ModelSpec, Result
from .texts import printable
from .versions import is_newer
from .which_cli import add_which_command

if TYPE_CHECKING:
    from .service.store.catalogue import ModelEntry


def add_models_command(commands) -> None:
    """Add `models` to the sub-parsers of `unifiedvit`; alone, it lists."""
    models = commands.add_parser("models", help="list models, what they know and how well; get and remove them")
    models.set_defaults(run=_list, catalogue=None)
    actions = models.add_subparsers(metavar="ACTION")

    listed = actions.add_parser("list", help="the models at hand and those that can be downloaded (as without ACTION)")
    listed.set_defaults(run=_list)
    download = actions.add_parser("download", help="download a model, or its newer version; goes on where it was cut")
    download.add_argument("model", metavar="ID")
    download.add_argument("--version", help="this one, also an older one (default: the newest)")
    download.add_argument("--repository", metavar="ADDRESS", help="where it is to come from, if several have it")
    download.set_defaults(run=_download)
    for action in (listed, download):
        action.add_argument("--catalogue", type=Path, metavar="FILE", help="another list of models to download")
    taken = actions.add_parser("import", help="import a model from a folder or .zip (works offline)")
    taken.add_argument("path", metavar="PATH", type=Path)
    taken.set_defaults(run=_import)
    ensemble = actions.add_parser(
        "ensemble", help="make one model that is the mean of several",
        description="Writes a model folder: the mean of the members' calibrated probabilities and of their mask "
        "logits. Its aggregation rule and its out-of-distribution statistics are the first member's. "
        "It takes as long as all of them.",
    )
    ensemble.add_argument("models", nargs="+", metavar="MODEL", help="id or folder of a model")
    ensemble.add_argument("--output", required=True, type=Path, metavar="FOLDER", help="of the new model")
    ensemble.add_argument("--id", required=True, help="of the new model")
    ensemble.add_argument("--name", help="of the new model in lists; by default the members' ids")
    ensemble.add_argument("--version", default="1.0.0", help="of the new model, 1.0.0 by default")
    ensemble.set_defaults(run=_ensemble)
    add_which_command(actions)
    remove = actions.add_parser("remove", help="remove a downloaded or imported model, or go back to its last version")
    remove.add_argument("model", metavar="ID")
    remove.set_defaults(run=_remove)
    verify = actions.add_parser("verify", help="compare a model's files with its SHA-256 sums")
    verify.add_argument("models", nargs="*", metavar="ID|PATH", help="all models at hand if none is given")
    verify.set_defaults(run=_verify)
    cache = actions.add_parser("cache", help="where downloaded and imported models lie, and how large they are")
    change = cache.add_mutually_exclusive_group()
    change.add_argument("--folder", type=Path, metavar="DIR", help="keep models there from now on")
    change.add_argument("--default", action="store_true", help="keep them in your own data folder again")
    change.add_argument("--clear", action="store_true", help="remove all downloaded and imported models")
    cache.set_defaults(run=_cache)
    add_repositories_command(actions)


def _say(text: str, file: TextIO | None = None) -> None:
    """Print what may hold names of files and words of models."""
    print(printable(text), file=file)


def _list(options: argparse.Namespace) -> int:
    from .service.store.cache import in_megabytes
    from .service.store.catalogue import list_models

    for entry in list_models(options.catalogue):
        if entry.problem:
            _say(f"{entry.id}  {entry.version}{_origin(entry)}\n  ! {entry.problem}")
        elif entry.spec:
            _say(_described(entry.spec))
        else:
            _say(f"{entry.id}  {entry.version}  {entry.name}\n  {entry.description}\n  Weights: {entry.licence}")
            for result in entry.versions[0].results:
                _say(_measured(result))
        if entry.state in ("update", "available"):
            what = f"Version {entry.newer} is there" if entry.newer else "Not here yet"
            _say(f"  {what}{_origin(entry)}: unifiedvit models download {entry.id} ({in_megabytes(entry.bytes)})")
        if entry.previous:
            _say(f"  Back to version {entry.previous}: unifiedvit models remove {entry.id}")
        older = [model.version for model in entry.versions if is_newer(entry.version, model.version)]
        if older:
            _say(f"  Older versions: {', '.join(older)} (unifiedvit models download {entry.id} --version ...)")
    return 0


def _origin(entry: ModelEntry) -> str:
    return f" in {entry.repository}" if entry.repository else ""


def _measured(result: Result) -> str:
    return f"  {result.dataset}: {', '.join(f'{name} {value}' for name, value in result.metrics.items())}"


def _described(spec: ModelSpec) -> str:
    lines = [
        f"{spec.id}  {spec.version}  {spec.name}",
        f"  {spec.description}",
        f"  Expects: {spec.expects}",
        *(f"    {channel.name}: {channel.expects}" for channel in spec.channels),
        f"  Draws: {', '.join(s.name for s in spec.segments)}",
        f"  Tells apart: {', '.join(c.display for c in spec.classes)}",
        f"  Weights: {spec.licence}",
    ]
    if spec.members:
        lines.insert(2, f"  Members: {', '.join(f'{member.id} {member.version}' for member in spec.members)}")
    if spec.patient:
        takes = [f"at most {spec.patient.most_images} images", *map(str, spec.patient.fields)]
        lines.append(f"  Of a patient: {', '.join(takes)}")
    lines += [f"  Trained on: {data.name} ({data.licence})" for data in spec.training]
    lines += map(_measured, spec.results)
    return "\n".join(lines)


def _download(options: argparse.Namespace) -> int:
    from .service.store.download import download_model

    with _progress() as progress:
        spec = download_model(options.model, progress, options.catalogue, version=options.version,
                              repository=options.repository)
    _say(f"{spec.id} {spec.version} is ready, in {spec.folder}")
    return 0


def _import(options: argparse.Namespace) -> int:
    from .service.store.download import import_model

    with _progress() as progress:
        spec = import_model(options.path, progress)
    _say(f"{spec.id} {spec.version} is ready, in {spec.folder}")
    return 0


def _ensemble(options: argparse.Namespace) -> int:
    from .service.store.catalogue import find_model
    from .service.store.ensembles import write_ensemble

    members = [find_model(asked) for asked in options.models]
    spec = write_ensemble(members, options.output, options.id, options.name, options.version)
    _say(f"{spec.id} {spec.version} is ready, in {spec.folder}")
    if spec.ood is None and members[0].ood:
        _say(f"! It does not notice images unlike those of training: what is known of these is of the {members[0].size}"
             f" pixels of {members[0].id}, and it looks at {spec.size}. Name a model of that size first.")
    _say(f"Have it listed: unifiedvit models import {spec.folder}")
    return 0


@contextmanager
def _progress() -> Iterator[Callable[[str, float], None]]:
    """A bar on a terminal, nothing elsewhere."""
    from tqdm import tqdm

    with tqdm(total=1.0, disable=None, file=sys.stderr, bar_format="{percentage:3.0f}%|{bar}| {desc}") as bar:

        def progress(stage: str, fraction: float) -> None:
            bar.set_description_str(printable(stage), refresh=False)
            bar.n = fraction
            bar.refresh()

        yield progress


def _remove(options: argparse.Namespace) -> int:
    from .service.store.download import remove_model

    before = remove_model(options.model)
    _say(f"{options.model} is removed." + (f" Version {before} is used again." if before else ""))
    return 0


def _verify(options: argparse.Namespace) -> int:
    from .service.store.catalogue import list_models
    from .service.store.download import verify_model

    problems = 0
    entries = [] if options.models else list_models()
    for entry in entries:
        if entry.problem and entry.state != "refused":
            problems += 1
            _say(entry.problem, file=sys.stderr)
    for asked in options.models or [entry.id for entry in entries if entry.spec]:
        try:
            spec = verify_model(asked)
            _say(f"{spec.id} {spec.version}: its files are whole.")
        except UnifiedViTError as error:
            problems += 1
            _say(str(error), file=sys.stderr)
    return 1 if problems else 0


def _cache(options: argparse.Namespace) -> int:
    from .service.store.download import cache_bytes, cache_folder, clear_cache, set_cache_folder

    if options.folder or options.default:
        set_cache_folder(options.folder)
    elif options.clear:
        clear_cache()
    _say(f"{cache_folder()}: {cache_bytes() / 1e6:.1f} MB")
    return 0
