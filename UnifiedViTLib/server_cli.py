"""The command line: `unifiedvit serve`, and the part of `unifiedvit predict` that has a server compute."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from .errors import UnsupportedImageError
from .inference.backends.base import DEVICES
from .inference.options import Options
from .service.remote.address import KEY_VARIABLE, ServerAddress, read_key
from .service.remote.predictor import RemotePredictor, RemoteServer, ask_server
from .service.server.limits import Limits
from .spec import ModelSpec
from .streams import tell

#: What of `predict` is of this computer's own workers, by the names of options, with what they are where they are not
#: given.
_OF_THIS_COMPUTER = {"device": "auto", "cluster": None}


def add_serve_command(commands) -> None:
    """Add `serve` to the sub-parsers of `unifiedvit`."""
    serve = commands.add_parser(
        "serve", help="run models for other computers, over HTTP",
        description="Runs the models of this computer for all who have a key. It listens on this computer alone unless "
        "it is given a certificate.",
    )
    limits = Limits()
    serve.add_argument("--host", default="127.0.0.1", help="where to listen (default: 127.0.0.1, this computer alone)")
    serve.add_argument("--port", type=_port, default=8765, help="0 for any that is free (default: 8765)")
    serve.add_argument("--certificate", type=Path, metavar="FILE", help="PEM with the certificate for TLS")
    serve.add_argument("--private-key", type=Path, metavar="FILE",
                       help="PEM with its private key, if that is elsewhere")
    serve.add_argument("--model", "-m", action="append", default=[], metavar="ID|PATH",
                       help="a model to offer; may be given several times (default: all at hand)")
    serve.add_argument("--device", default="auto", choices=DEVICES,
                       help="where networks run; each graphics card has a worker of its own")
    serve.add_argument("--max-volume-mb", type=_count, default=limits.volume_bytes >> 20, metavar="N",
                       help=f"size of an image, unpacked (default: {limits.volume_bytes >> 20})")
    serve.add_argument("--max-jobs", type=_count, default=limits.jobs, metavar="N",
                       help=f"runs at once, waiting ones among them (default: {limits.jobs})")
    serve.add_argument("--jobs-per-minute", type=_count, default=limits.jobs_per_minute, metavar="N",
                       help=f"runs that a key may begin (default: {limits.jobs_per_minute})")
    serve.add_argument("--lease", type=_count, default=int(limits.lease_s), metavar="SECONDS",
                       help="a run is cancelled when nothing is heard of its client for so long "
                       f"(default: {limits.lease_s:.0f})")
    keys = serve.add_argument_group("keys")
    keys.add_argument("--keys", type=Path, metavar="FILE", help="where they are kept, hashed (default: in the settings "
                      "of this user, or what UNIFIEDVIT_SERVER_KEYS names)")
    either = keys.add_mutually_exclusive_group()
    either.add_argument("--new-key", metavar="NAME", help="make a key, show it once, and end")
    either.add_argument("--remove-key", metavar="NAME", help="take a key away, and end; a server that runs takes it no "
                        "more")
    either.add_argument("--list-keys", action="store_true", help="list the names of all keys, and end")
    serve.set_defaults(run=_serve)


def add_server_options(predict: argparse.ArgumentParser) -> None:
    """Add them to `predict`."""
    group = predict.add_argument_group("another computer", "Images are read and results written here; the network runs "
                                       "there. Names do not leave this computer.")
    group.add_argument("--server", default="", metavar="URL", help="address of a computer that runs unifiedvit serve, "
                       f"https://HOST:PORT; its key is taken from the environment variable {KEY_VARIABLE}")
    group.add_argument("--server-key-file", type=Path, metavar="FILE", help="with --server: a file with the key")


def server_asked_for(options: argparse.Namespace) -> ServerAddress | None:
    """The server that is to compute; None for this computer.

    Raises:
        UnsupportedImageError: an option is for this computer's own workers.
        ServerError: the address or the key is none.
    """
    if not options.server:
        if options.server_key_file:
            raise UnsupportedImageError("--server-key-file has the key for a server. Give its address with --server.")
        return None
    given = [name for name, default in _OF_THIS_COMPUTER.items() if getattr(options, name) != default]
    if given:
        raise UnsupportedImageError(f"--{given[0]} is of this computer, and the server chooses for itself. Leave it "
                                    "out, or --server.")
    return ServerAddress(options.server, read_key(options.server_key_file))


def find_server_models(address: ServerAddress, asked: list[str], options: Options, default: str
                       ) -> tuple[RemoteServer, list[ModelSpec]]:
    """A server, and those of its models that are asked for, each once; it can run them so.

    Args:
        address: of the server.
        asked: ids.
        options: of the run.
        default: the model where none is asked for.

    Raises:
        UnifiedViTError: it cannot be asked, has no such model, or cannot run it so.
    """
    server = ask_server(address)
    specs = [server.find_model(model_id) for model_id in dict.fromkeys(asked or [default])]
    for spec in specs:
        RemotePredictor(address, spec).check(options)
    return server, specs


def _serve(options: argparse.Namespace) -> int:
    from .service.server.keys import Keys, keys_file
    from .service.server.serve import ServerSettings, serve
    from .service.store.catalogue import find_models, installed_models

    file = options.keys.absolute() if options.keys else keys_file()
    keys = Keys(file)
    if options.new_key:
        tell(keys.add(options.new_key), sys.stdout)
        tell(f"This is the key of {options.new_key}. It is not shown again.", sys.stderr)
    elif options.remove_key:
        keys.remove(options.remove_key)
        tell(f"The key of {options.remove_key} is removed.", sys.stdout)
    elif options.list_keys:
        tell("\n".join(keys.names) or "There is no key yet: unifiedvit serve --new-key NAME.", sys.stdout)
    else:
        limits = Limits(volume_bytes=options.max_volume_mb << 20, jobs=options.max_jobs,
                        jobs_per_minute=options.jobs_per_minute, lease_s=options.lease)
        settings = ServerSettings(file, options.host, options.port, options.certificate, options.private_key,
                                  options.device, limits)
        serve(find_models(options.model) if options.model else installed_models(), settings)
    return 0


def _port(text: str) -> int:
    """0 to 65535."""
    if not text.isdigit() or int(text) > 65535:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 0 to 65535")
    return int(text)


def _count(text: str) -> int:
    """A number from 1."""
    if not text.isdigit() or not 1 <= int(text) <= 10**7:
        raise argparse.ArgumentTypeError(f"{text!r}: give a number from 1")
    return int(text)
