"""What turns a network's logits into probabilities that can be believed."""

from __future__ import annotations

from UnifiedViTLib.diagnosis import LabelRule

#: Of a model: its temperature, or where several labels are true at once, a rule for each.
Calibration = float | tuple[LabelRule, ...]
