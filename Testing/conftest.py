"""Fixtures that several files share."""

from __future__ import annotations

import pytest


@pytest.fixture(scope="session", autouse=True)
def no_models_of_the_user(tmp_path_factory):
    """An empty cache of models: what the user has installed is no business of the tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("UNIFIEDVIT_MODELS", str(tmp_path_factory.mktemp("models")))
        yield


@pytest.fixture(scope="session")
def open_desk():
    """One application for all tests of the panel, as a user's; its worker stays warm."""
    from panels import Desk

    desk = Desk()
    yield desk
    desk.close()


@pytest.fixture
def desk(open_desk):
    """The application with an empty scene."""
    open_desk.clear()
    yield open_desk
    open_desk.clear()
