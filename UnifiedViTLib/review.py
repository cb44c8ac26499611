"""The section "review" of a model's description: which results are to be called uncertain."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import Fields
from .records import Record


@dataclass(frozen=True)
class ReviewRule(Record):
    """A threshold of confidence, and what it gave where it was measured.

    Attributes:
        threshold: results of less confidence are to be reviewed; None: all are, as none kept wrong ones rare.
        coverage: share of the validation slices that reach it; 0 where there is none.
        risk: share of these whose diagnosis is wrong; of all where there is none.
    """

    threshold: float | None
    coverage: float
    risk: float


@dataclass(frozen=True)
class Review(Record):
    """Which results are to be called uncertain: by the `probability` of their diagnosis, and where further passes were
    run by their `confidence` (None: not measured)."""

    probability: ReviewRule
    confidence: ReviewRule | None


def read_review(review: Fields) -> Review:
    """Check the table "review".

    Raises:
        ModelSpecError: names the field that is wrong.
    """
    return Review(_review_rule(review.table("probability")),
                  _review_rule(review.table("confidence")) if "confidence" in review.data else None)


def _review_rule(rule: Fields) -> ReviewRule:
    unreachable = "threshold" in rule.data and rule.data["threshold"] is None
    return ReviewRule(None if unreachable else rule.number("threshold", 0, 1),
                      rule.number("coverage", 0, 1), rule.number("risk", 0, 1))
