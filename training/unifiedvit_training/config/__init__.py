"""The one YAML file of a project: its data, its model, and how it is trained. Checked before anything runs."""

from __future__ import annotations

from .data import BACKGROUND, IGNORE, Data, Source, Split
from .metadata import MetadataCard
from .model import ARGUMENTS, ChannelCard, ClassCard, Input, Model, SegmentCard, Task, TrainingDataCard
from .project import Project, checked, load_project, read_yaml
from .recipe import AVERAGE, Augmentation, Fit, Initial, Machine, Optimiser, Pretrain, Stage, Superres, Teacher
from .section import Section

__all__ = [
    "ARGUMENTS",
    "AVERAGE",
    "BACKGROUND",
    "IGNORE",
    "Augmentation",
    "ChannelCard",
    "ClassCard",
    "Data",
    "Fit",
    "Initial",
    "Input",
    "Machine",
    "MetadataCard",
    "Model",
    "Optimiser",
    "Pretrain",
    "Project",
    "Section",
    "SegmentCard",
    "Source",
    "Split",
    "Stage",
    "Superres",
    "Task",
    "Teacher",
    "TrainingDataCard",
    "checked",
    "load_project",
    "read_yaml",
]
