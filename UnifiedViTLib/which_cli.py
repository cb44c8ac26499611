"""The command line: `unifiedvit models which IMAGE`."""

from __future__ import annotations

import argparse
import sys
from contextlib import closing
from pathlib import Path
from textwrap import wrap

from . import NOTICE
from .region_cli import add_region_options, region_asked_for
from .service.worker.client import WorkerClient
from .streams import tell
from .texts import printable

#: Columns of a terminal.
_WIDTH = 100


def add_which_command(actions) -> None:
    """Add `which` to the sub-parsers of `unifiedvit models`."""
    from .inference.backends.base import DEVICES

    which = actions.add_parser(
        "which", help="which of the models at hand knows an image; none is chosen",
        description="Each model at hand looks at a dozen slices: does the file say its modality and sequence, and how "
        f"many of the slices lie beyond what its training images look like? Nothing is written. {NOTICE}",
    )
    which.add_argument("image", metavar="IMAGE", type=Path, help="as an input of predict")
    which.add_argument("--device", default="auto", choices=DEVICES)
    add_region_options(which, "Only the slices that it touches are looked at, cut as a run would.")
    which.set_defaults(run=_which)


def _which(options: argparse.Namespace) -> int:
    from .imaging.reading import read
    from .service.store.catalogue import installed_models
    from .service.worker.protocol import RankModelsRequest

    region = region_asked_for(options, [options.image], WorkerClient)
    request = RankModelsRequest(read(options.image), tuple(installed_models()), options.device, region=region)
    with closing(WorkerClient()) as client:
        ranking = client.run(request)
    width = max(len("model"), *(len(fit.model_id) for fit in ranking.fits))
    lines = [f"{'model':{width}}  {'judged':12}  beyond  reason"]
    for fit in ranking.fits:
        beyond = "" if fit.flagged_fraction is None else f"{fit.flagged_fraction:.0%}"
        reason = f"As {fit.channel}. {fit.reason}" if fit.channel else fit.reason
        first, *others = wrap(reason, _WIDTH - width - 24) or [""]
        lines += [f"{fit.model_id:{width}}  {fit.verdict:12}  {beyond:>6}  {first}",
                  *(" " * (width + 24) + line for line in others)]
    tell(printable("\n".join(lines)), sys.stdout)
    tell(printable(f"{ranking.summary} {NOTICE}"), sys.stdout)
    return 0
