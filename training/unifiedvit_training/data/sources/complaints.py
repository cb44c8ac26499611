"""What is wrong with the data, collected so that it can be put right in one go."""

from __future__ import annotations

from dataclasses import dataclass, field

from ...errors import DataError

#: So many of the complaints are spelt out.
_SHOWN = 10


@dataclass
class Complaints:
    """Sentences on mistakes, each with where it is."""

    sentences: list[str] = field(default_factory=list)

    def add(self, where: str, sentence: str) -> None:
        """Note a mistake; `where`: the source, and the line of its table."""
        self.sentences.append(f"{where}: {sentence}")

    def raise_if_any(self) -> None:
        """Raise a `DataError` if anything was added."""
        if self.sentences:
            count = len(self.sentences)
            more = f"\n  ... and {count - _SHOWN} more" if count > _SHOWN else ""
            raise DataError(
                f"The data have {count} mistake{'s' if count > 1 else ''}. Put {'them' if count > 1 else 'it'} right "
                "and run again:\n  " + "\n  ".join(self.sentences[:_SHOWN]) + more
            )
