"""What a licence asks, as it is found in its words."""

from __future__ import annotations

import re

SHARE_ALIKE, NON_COMMERCIAL, NO_DERIVATIVES = "share-alike", "non-commercial", "no derivatives"

_WORDS = {
    SHARE_ALIKE: re.compile(r"(?i)\b(sa|share[- ]?alike|[al]?gpl(v?\d)?)\b"),
    NON_COMMERCIAL: re.compile(r"(?i)\b(nc|non[- ]?commercial)\b"),
    NO_DERIVATIVES: re.compile(r"(?i)\b(nd|no[- ]?deriv\w*)\b"),
}


def licence_conditions(licence: str) -> set[str]:
    """Which of share-alike, non-commercial and no derivatives a licence's name or words ask for."""
    return {name for name, words in _WORDS.items() if words.search(licence)}
