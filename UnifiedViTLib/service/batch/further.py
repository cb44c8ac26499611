"""Further sequences of many inputs: files beside each, found by their names."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from ...errors import UnsupportedImageError
from ...spec import ModelSpec

#: A path, or a series of a server.
Input = TypeVar("Input")


@dataclass(frozen=True)
class FurtherSequences:
    """Where the further sequences of an input lie: in its folder, under a name made from its own.

    Attributes:
        pattern: of the inputs' names, for example "*_t1c.nii.gz".
        names: by the channel, the pattern of that sequence's files, for example {"flair": "*_flair.nii.gz"}. Each *
            stands for what it stands for in the input's name.

    Raises:
        UnsupportedImageError: a pattern does not tell which file belongs to which input.
    """

    pattern: str = "*"
    names: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        count = self.pattern.count("*")
        for channel, name in self.names.items():
            if re.search(r"[?\[\]/\\]", self.pattern + name) or name.count("*") != count or name == self.pattern:
                raise UnsupportedImageError(
                    f"Which file is the {channel} of which image cannot be told: the images are called {self.pattern}, "
                    f"those of {channel} {name}. Write both with the same number of *, which stand for the same text, "
                    "for example *_t1c.nii.gz and *_flair.nii.gz."
                )

    def of(self, path: Path, spec: ModelSpec, input_channel: str = "") -> dict[str, Path]:
        """The further sequences of an input that are there, by the channels of a model.

        Args:
            path: the input.
            spec: the model.
            input_channel: which channel the input is; "" for the first.
        """
        names = [channel.name for channel in spec.channels]
        known = set(names) - {input_channel or next(iter(names), "")}
        files = {channel: self._beside(path, name) for channel, name in self.names.items() if channel in known}
        return {channel: file for channel, file in files.items() if file is not None and file.exists()}

    def without_further(self, inputs: Sequence[Input]) -> list[Input]:
        """The inputs less those that are a further sequence of another of them: the pattern may fit these, too."""
        files = (self._beside(path, name) for path in inputs if isinstance(path, Path) for name in self.names.values())
        beside = {os.path.abspath(file) for file in files if file is not None}
        return [path for path in inputs if not (isinstance(path, Path) and os.path.abspath(path) in beside)]

    def check(self, inputs: Sequence[Path]) -> None:
        """Return if each sequence is there for one of the inputs at least.

        Raises:
            UnsupportedImageError: it is there for none: its pattern is not meant so.
        """
        for channel, name in self.names.items():
            files = [file for path in inputs if (file := self._beside(path, name)) is not None]
            if inputs and not any(file.exists() for file in files):
                example = f" (looked for {files[0].name})" if files else ""
                raise UnsupportedImageError(f"No image has a {channel} called {name} beside it{example}. Correct that "
                                            "name, or leave it empty: the model then does without.")

    def _beside(self, path: Path, name: str) -> Path | None:
        """The file of this pattern that belongs to an input; None where its own name is of another pattern."""
        wanted = "(.*)".join(map(re.escape, self.pattern.split("*")))
        found = re.fullmatch(wanted, path.name, re.IGNORECASE if os.name == "nt" else 0)
        if found is None:
            return None
        first, *rest = name.split("*")
        return path.with_name(first + "".join(map("".join, zip(found.groups(), rest, strict=True))))
