"""Weights on their way between sites: safetensors, held against what is expected before anything is done with them."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load, save

from ..errors import RunError

#: Bytes of the header of a safetensors file that are allowed for besides as many as the expected one has.
_HEADER_ROOM = 65_536


class UpdateError(RunError):
    """What a site sent cannot be used. The text ends a sentence that begins with the site."""


def pack_weights(tensors: Mapping[str, np.ndarray]) -> bytes:
    """Tensors by name as the bytes of a safetensors file."""
    return save({name: np.asarray(value, order="C") for name, value in tensors.items()})


def unpack_weights(content: bytes) -> dict[str, np.ndarray]:
    """Tensors by name from the bytes of a safetensors file.

    Raises:
        UpdateError: they are none.
    """
    try:
        return load(content)
    except (SafetensorError, ValueError, TypeError, KeyError) as error:
        raise UpdateError(f"sent what is no safetensors file ({error})") from error


def check_weights(content: object, expected: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Tensors from what somebody sent, in names, shapes and types those of `expected`, and finite.

    Args:
        content: as it came.
        expected: tensors of the network that all train.

    Raises:
        UpdateError: says what is wrong with it.
    """
    if not isinstance(content, bytes):
        raise UpdateError("sent no weights")
    size = sum(value.nbytes for value in expected.values())
    if len(content) > 2 * size + _HEADER_ROOM:
        raise UpdateError(f"sent {len(content):,} bytes where the network's weights are {size:,}")
    tensors = unpack_weights(content)
    if missing := sorted(expected.keys() ^ tensors.keys()):
        raise UpdateError(f"sent the weights of another network: {len(missing)} tensors that only one of both has, "
                          f"such as {missing[0]}")
    for name, value in expected.items():
        if tensors[name].shape != value.shape or tensors[name].dtype != value.dtype:
            raise UpdateError(f"sent the weights of another network: {name} is {_kind(tensors[name])} instead of "
                              f"{_kind(value)}")
    wrong = [name for name, value in tensors.items() if not np.isfinite(value).all()]
    if wrong:
        raise UpdateError(f"sent values that are not numbers (NaN or infinite) in {len(wrong)} of {len(tensors)} "
                          f"tensors, such as {sorted(wrong)[0]}")
    return tensors


def _kind(value: np.ndarray) -> str:
    return f"{value.dtype} {tuple(value.shape)}"
