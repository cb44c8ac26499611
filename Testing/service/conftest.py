"""What several files of the tests of downloads, imports and repositories begin with."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest


@pytest.fixture
def cache(tmp_path, monkeypatch) -> Path:
    """A cache of the test's own, and no proxy between it and its server."""
    monkeypatch.setenv("UNIFIEDVIT_MODELS", str(tmp_path / "cache"))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    return tmp_path / "cache"


@pytest.fixture
def server():
    """A mirror on loopback."""
    from mirrors import mirror

    with mirror() as state:
        yield state


@pytest.fixture(scope="session")
def published(tmp_path_factory) -> Path:
    """A repository with "tiny" 1.0.0; to be read only."""
    from repository_folders import publish_tiny

    return publish_tiny(tmp_path_factory.mktemp("published") / "repository")


@pytest.fixture
def repository(published, tmp_path) -> Path:
    """A repository with "tiny" 1.0.0."""
    return shutil.copytree(published, tmp_path / "repository")


@pytest.fixture(scope="module")
def no_constraints_of_this_environment():
    """The versions that the tests themselves were installed with say nothing about the tests' interpreters."""
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("PIP_CONSTRAINT", raising=False)
        yield
