"""What is known of a patient besides images, in the section `model`."""

from __future__ import annotations

from typing import Any

from pydantic import Field, model_serializer, model_validator

from UnifiedViTLib.errors import ModelSpecError
from UnifiedViTLib.fields import Fields
from UnifiedViTLib.patient_spec import MetadataField, read_field

from .section import Section


class MetadataCard(Section):
    """A number from `minimum` to `maximum` in `unit`, or one of `choices`. `display` is for people."""

    name: str = Field(pattern=r"[a-z0-9][a-z0-9._-]{0,63}")
    display: str
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: list[str] = Field(default=[])

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, given: Any) -> Any:
        """YAML reads `no` as False and 1 as a number."""
        if isinstance(given, dict) and isinstance(given.get("choices"), list):
            wrong = [choice for choice in given["choices"] if isinstance(choice, bool)]
            if wrong:
                raise ValueError("YAML takes yes and no for true and false: write choices in quotes")
            given = given | {"choices": [str(choice) for choice in given["choices"]]}
        return given

    @model_validator(mode="after")
    def _either(self) -> MetadataCard:
        bounds = self.minimum, self.maximum
        if self.choices and (bounds != (None, None) or self.unit):
            raise ValueError(f"{self.name} has choices, or a unit and bounds, not both")
        if not self.choices and None in bounds:
            raise ValueError(f"{self.name} needs `minimum` and `maximum`, or `choices`")
        try:
            self.field()
        except ModelSpecError as error:
            raise ValueError(str(error)) from error
        return self

    def field(self, seen: tuple[float, float] | None = None) -> MetadataField:
        """As the library has it.

        Args:
            seen: of a number, the range of what was learnt from; None: all that can be meant.
        """
        return read_field(Fields(self.described(seen), "metadata"))

    def described(self, seen: tuple[float, float] | None = None) -> dict[str, Any]:
        """As `model.json` has it; `seen` as for `field`."""
        if self.choices:
            return {"name": self.name, "display": self.display, "choices": self.choices}
        low, high = seen or (self.minimum, self.maximum)
        return {"name": self.name, "display": self.display, **({"unit": self.unit} if self.unit else {}),
                "minimum": self.minimum, "maximum": self.maximum, "seen": {"minimum": low, "maximum": high}}

    @model_serializer(mode="wrap")
    def _without_nothing(self, write: Any) -> dict[str, Any]:
        return {name: value for name, value in write(self).items() if value not in (None, "", [])}
