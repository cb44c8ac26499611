"""Which MR sequence an image is, by what people call it: names of files and descriptions of series say it, pixels and
headers hardly do."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: Under this name a volume's metadata has the sequences of its series' descriptions, joined as DICOM joins values.
SEQUENCES = "MRSequences"
#: As they are written in names, at the beginning of a word: "T1w", "t1ce", "AX_T2_TSE", "sub-01_FLAIR".
_WORDS = {
    "T1": re.compile(r"(?<![a-z0-9])(?:ax|sag|cor|tra)?t1(?![0-9])", re.IGNORECASE),
    "T2": re.compile(r"(?<![a-z0-9])(?:ax|sag|cor|tra)?t2(?![0-9])", re.IGNORECASE),
    "FLAIR": re.compile(r"flair", re.IGNORECASE),
    "diffusion": re.compile(r"(?<![a-z0-9])(?:dwi|adc|dti|diffusion)(?![a-z])", re.IGNORECASE),
    "susceptibility": re.compile(r"(?<![a-z0-9])(?:swi|swan|susceptibility)(?![a-z])", re.IGNORECASE),
}


def named_sequences(texts: Iterable[str]) -> list[str]:
    """The sequences that texts name: of "T1", "T2", "FLAIR", "diffusion", "susceptibility"; [] where they name none.

    Args:
        texts: the name of an image, the description of its series, or what a model expects.
    """
    texts = list(texts)
    return [sequence for sequence, pattern in _WORDS.items() if any(pattern.search(text) for text in texts)]
