"""Model repositories for the tests: published as a user would, and put on the mirror as a web server has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mirrors import Mirror, model_folder
from unifiedvit_training.exporting.publish import publish

INDEX = "/models/index.json"


def publish_tiny(repository: Path, version: str = "1.0.0", key: Path | None = None, weights: bytes = b"weights " * 1000,
                 **changes: Any) -> Path:
    """Publish a model whose weights are just bytes ("tiny" unless `id` says otherwise) into a folder; returns it."""
    name = changes.get("id", "tiny")
    spec = model_folder(repository.parent / f"exported-{name}-{version}", weights=weights, version=version, **changes)
    publish([spec], repository, key)
    return repository


def put_on(server: Mirror, repository: Path) -> str:
    """Copy a repository to a web server; returns its address there."""
    for file in repository.rglob("*"):
        if file.is_file():
            server.files[f"/models/{file.relative_to(repository).as_posix()}"] = file.read_bytes()
    return f"{server.url}/models/"


def change_index(server: Mirror, change: Callable[[dict[str, Any]], object]) -> None:
    """Change what the index on a web server says."""
    data = json.loads(server.files[INDEX])
    change(data)
    server.files[INDEX] = json.dumps(data).encode("utf-8")
