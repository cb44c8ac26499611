"""What can go wrong, one class per thing that a user can put right. The message says what to do."""

from __future__ import annotations


class UnifiedViTError(Exception):
    """Base of every error raised on purpose; its text is a sentence meant for the user."""


class UnsupportedImageError(UnifiedViTError):
    """The image cannot be read, or is not something a model of this library can look at."""


class MetadataError(UnifiedViTError):
    """What is said of a patient is nothing that the model knows, or cannot be meant."""


class ModelSpecError(UnifiedViTError):
    """A model's JSON description is missing, malformed or contradicts itself. Names the field."""


class WeightsError(UnifiedViTError):
    """A model's weights are missing, damaged, or do not fit the model's description."""


class DeviceError(UnifiedViTError):
    """The device asked for is not there, or has not enough memory."""


class OutputError(UnifiedViTError):
    """A result could not be written."""


class ServerError(UnifiedViTError):
    """A server, of DICOMweb or of `unifiedvit serve`, cannot be reached, refuses, or answers what it must not."""


class ServerGoneError(ServerError):
    """A server of `unifiedvit serve` cannot be reached, does not take the key, or is none: nothing can run there."""


class Cancelled(UnifiedViTError):
    """The user asked to stop."""


class DependencyError(UnifiedViTError):
    """A package that the network needs is missing or does not work, or could not be installed."""


class WorkerError(UnifiedViTError):
    """The process that runs networks cannot be started, ended early, hangs, or is busy."""
