# Slicer's VTK is not the one of the package index, whose types tell nothing of what Slicer adds.
from typing import Any

def __getattr__(name: str) -> Any: ...
