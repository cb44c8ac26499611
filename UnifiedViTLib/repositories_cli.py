"""The command line: `unifiedvit models repositories list|add|remove|refresh`."""

from __future__ import annotations

import argparse
import sys

from .texts import printable


def add_repositories_command(actions) -> None:
    """Add `repositories` to the actions of `unifiedvit models`; alone, it lists."""
    repositories = actions.add_parser(
        "repositories", help="where models can be downloaded from",
        description="A model repository is a folder with index.json, on a web server or a share, as `unifiedvit-train "
        "publish` writes it. Its models are listed from the index that was seen last; only `refresh` asks it again.",
    )
    repositories.set_defaults(run=_list)
    steps = repositories.add_subparsers(metavar="ACTION")
    steps.add_parser("list", help="those that were added (as without ACTION)").set_defaults(run=_list)
    add = steps.add_parser("add", help="list the models of a repository from now on")
    add.add_argument("address", metavar="URL|FOLDER")
    add.add_argument("--key", default="", help="public key of its publisher: nothing that is not signed with it is "
                                               "taken")
    add.set_defaults(run=_add)
    remove = steps.add_parser("remove", help="forget a repository; models that came from it stay")
    remove.add_argument("address", metavar="URL|FOLDER")
    remove.set_defaults(run=_remove)
    steps.add_parser("refresh", help="ask all of them what is new").set_defaults(run=_refresh)


def _list(options: argparse.Namespace) -> int:
    from .service.store.repositories import repositories

    known = repositories()
    for repository in known:
        models = sorted({model.id for model in repository.models})
        signed = f"signed with {repository.key}" if repository.key else "not signed"
        print(printable(f"{repository.address}  ({signed})"))
        print(printable(f"  ! {repository.problem}" if repository.problem else
                        f"  {', '.join(models) or 'no models'}; as of {repository.updated or 'an unknown time'}"))
    if not known:
        print("No repositories were added: unifiedvit models repositories add URL|FOLDER")
    return 0


def _add(options: argparse.Namespace) -> int:
    from .service.store.repositories import add_repository

    repository = add_repository(options.address, options.key)
    models = sorted({model.id for model in repository.models})
    print(printable(f"{repository.address} is added: {', '.join(models) or 'no models yet'}"))
    return 0


def _remove(options: argparse.Namespace) -> int:
    from .service.store.repositories import remove_repository

    print(printable(f"{remove_repository(options.address)} is removed. Models that came from it stay."))
    return 0


def _refresh(options: argparse.Namespace) -> int:
    from .service.store.repositories import refresh_repositories

    answers = refresh_repositories()
    for answer in answers:
        print(printable(answer.sentence), file=sys.stderr if answer.problem else sys.stdout)
    return 1 if any(answer.problem for answer in answers) else 0
