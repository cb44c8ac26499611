"""What goes between the coordinator and the sites, whatever carries it: weights as safetensors, all else as JSON."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .weights import UpdateError

#: Tasks of a site: say that it is there; learn for a round; measure weights; take the result.
JOIN, TRAIN, VALIDATE, FINISH = "join", "train", "validate", "finish"
#: Fields of what is sent; `REPORT` is JSON, `ERROR` a sentence.
WEIGHTS, ROUND, REPORT, ERROR = "weights", "round", "report", "error"


#: Characters of a site's sentence that are shown, in one line.
_LONGEST = 500


@dataclass(frozen=True)
class Reply:
    """What a site answered.

    Attributes:
        content: by field; empty where nothing came.
        problem: a sentence about what went wrong on the way; "" where nothing did.
    """

    content: Mapping[str, Any]
    problem: str = ""

    def check(self) -> None:
        """Raise an `UpdateError` with the sentence of what went wrong, if something did."""
        if sentence := self.problem or self.content.get(ERROR):
            raise UpdateError(" ".join(str(sentence).split())[:_LONGEST])

    def report(self) -> dict[str, Any]:
        """What the site tells of itself.

        Raises:
            UpdateError: it is no JSON.
        """
        try:
            report = json.loads(self.content.get(REPORT, ""))
        except (TypeError, ValueError, RecursionError) as error:
            raise UpdateError(f"It sent a report that cannot be read ({error}).") from error
        if not isinstance(report, dict):
            raise UpdateError("It sent a report that cannot be read (no table).")
        return report


#: Gives a task with its content to all sites and waits: an answer for each by name, also for those that are silent.
Ask = Callable[[str, dict[str, Any]], dict[str, Reply]]
