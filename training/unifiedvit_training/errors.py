"""What can go wrong in training, in words for the person who can put it right."""

from __future__ import annotations


class TrainingError(Exception):
    """Anything that a user of the training package can put right. The text says what is wrong and what to do."""


class ConfigError(TrainingError):
    """The project's YAML is wrong."""


class DataError(TrainingError):
    """Images, masks, labels or their split are wrong."""


class RunError(TrainingError):
    """A run cannot begin, go on or be written."""
