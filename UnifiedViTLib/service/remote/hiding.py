"""What names a patient, or a file, stays here: aliases go to the server, and what comes back is given its names again.

The server sees the voxels, where they lie, and of what kind they are; its sentences name the aliases, so that they read
in the end as those of this computer do.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from ...imaging.mr_sequence import SEQUENCES
from ...imaging.volume import Volume
from ...inference.options import Options
from ...inference.warnings import sequences_of
from ...texts import is_plain
from ..server.wire import ALIAS, hidden_region

#: A modality as DICOM writes it, which names nobody.
_MODALITY = re.compile(r"[A-Z0-9_ ]{0,16}")


class Aliases:
    """Aliases of texts, each with its text; of one text always the same."""

    def __init__(self) -> None:
        self._by_text: dict[str, str] = {}

    def hide_text(self, text: str) -> str:
        """The alias of a text: digits that nobody guesses, and that name no MR sequence."""
        return self._by_text.setdefault(text, f"text{secrets.randbelow(10**30):030}")

    def hide(self, images: Mapping[str, Volume]) -> dict[str, Volume]:
        """Volumes whose names, notes and identifiers are aliases; what the answer depends on is told without them.

        Args:
            images: by their channels.
        """
        frames: dict[str, int] = {}
        hidden = {}
        for channel, volume in images.items():
            metadata = {}
            modality = volume.metadata.get("Modality", "")
            if modality:
                metadata["Modality"] = modality if _MODALITY.fullmatch(modality) else self.hide_text(modality)
            if sequences := list(filter(None, sequences_of(volume))):
                metadata[SEQUENCES] = "\\".join(sequences)
            if frame := volume.metadata.get("FrameOfReferenceUID", ""):
                metadata["FrameOfReferenceUID"] = str(frames.setdefault(frame, len(frames) + 1))
            hidden[channel] = replace(volume, name=self.hide_text(volume.name), metadata=metadata, files=(),
                                      notes=tuple(map(self.hide_text, volume.notes)))
        return hidden

    def hide_options(self, options: Options) -> Options:
        """Options whose region does not say from which file it was made; nor are files of DICOM asked for, which are
        written here."""
        source = options.region.source if options.region else ""
        return hidden_region(replace(options, dicom=False), self.hide_text(source) if source else "")

    def restore(self, data: Any) -> Any:
        """JSON of the server, with the texts in place of their aliases.

        Raises:
            ValueError: a text is none that may be shown.
        """
        texts = {alias: text for text, alias in self._by_text.items()}

        def walk(value: Any) -> Any:
            if isinstance(value, str):
                if not is_plain(value):
                    raise ValueError("a text holds control characters")
                return self._restore_text(value, texts)
            if isinstance(value, list):
                return [walk(item) for item in value]
            if isinstance(value, dict):
                return {key: walk(item) for key, item in value.items()}
            return value

        return walk(data)

    def restore_text(self, text: str) -> str:
        """A sentence of the server, with the texts in place of their aliases."""
        return self._restore_text(text, {alias: text for text, alias in self._by_text.items()})

    @staticmethod
    def _restore_text(text: str, texts: Mapping[str, str]) -> str:
        return ALIAS.sub(lambda match: texts.get(match[0], match[0]), text)
