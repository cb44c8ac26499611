"""What to ask the worker for all images of a folder: the same from the panel and from a script."""

from __future__ import annotations

import logging
from pathlib import Path

from UnifiedViTLib.inference.channels import check_channel_names
from UnifiedViTLib.service.batch.further import FurtherSequences
from UnifiedViTLib.service.store.catalogue import find_models
from UnifiedViTLib.service.worker.protocol import BatchRequest

from .options import optionsOf


def batchRequest(inputDir, outputDir, specs, device, batchSize, pattern, recursive, skipExisting, channels, server=None,
                 **options):
    """A `BatchRequest`.

    Args:
        specs: descriptions of the models.
        server: the `ServerAddress` of what computes; None for this computer.
        options: by the names of `optionsOf`.
        others: as of `UnifiedViTLogic.processFolder`.

    Raises:
        UnifiedViTError: a model cannot do what is asked for, or names of files are not told apart.
    """
    asked = optionsOf(**options)
    for spec in specs:
        asked.check(spec)
    known = {channel.name for spec in specs for channel in spec.channels[1:]}
    check_channel_names([name for name in channels if name not in known], specs[0])
    FurtherSequences(pattern, channels)
    return BatchRequest(Path(inputDir), Path(outputDir), tuple(specs), asked, device, batchSize, pattern, recursive,
                        skipExisting, channels, server)


def processFolder(client, inputDir, outputDir, pattern, recursive, skipExisting, model, device, batchSize, progress,
                  channels, **options):
    """`UnifiedViTLogic.processFolder`, in the worker of `client`."""
    specs = find_models(model if isinstance(model, (list, tuple)) else [model])
    request = batchRequest(inputDir, outputDir, specs, device, batchSize, pattern, recursive, skipExisting,
                           dict(channels or {}), **options)
    answer = client.run(request, progress or (lambda stage, fraction: None))
    for sentence in answer["failures"]:
        logging.warning("UnifiedViT: %s", sentence)
    return answer["rows"]
