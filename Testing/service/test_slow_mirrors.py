"""A mirror that sends next to nothing is given up for the next one, and waiting for it can be cancelled."""

from __future__ import annotations

import time

import pytest
from mirrors import mirror, model_folder, offer
from workers import SOON_S

from UnifiedViTLib.errors import Cancelled, WeightsError
from UnifiedViTLib.service.store.download import Timeouts, download_model

WEIGHTS = "/weights.safetensors"

pytestmark = pytest.mark.usefixtures("cache")


def quiet(stage: str, fraction: float) -> None:
    pass


@pytest.mark.parametrize(("part", "timeouts", "words"), [
    ("header", Timeouts(connect=0.3, read=0.3), "time-out"),
    ("body", Timeouts(window=0.5), "too slow"),
    ("body", Timeouts(total=0.5, total_rate=1e9), "takes too long"),
])
def test_a_mirror_that_sends_byte_by_byte_is_given_up_for_the_next(tmp_path, server, part, timeouts, words):
    spec = model_folder(tmp_path / "published")
    with mirror() as slow:
        catalogue = offer(spec, tmp_path / "models.json", slow)
        slow.drip[WEIGHTS] = part
        began = time.monotonic()
        with pytest.raises(WeightsError, match=words):
            download_model("tiny", quiet, catalogue, timeouts)
        assert download_model("tiny", quiet, offer(spec, catalogue, slow, server), timeouts)
        assert time.monotonic() - began < SOON_S


def test_waiting_for_the_answer_of_a_mirror_can_be_cancelled(tmp_path, server):
    catalogue = offer(model_folder(tmp_path / "published"), tmp_path / "models.json", server)
    server.hang[WEIGHTS] = -1
    began = time.monotonic()

    def cancel(stage: str, fraction: float) -> None:
        if time.monotonic() - began > 0.5:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        download_model("tiny", cancel, catalogue)
    assert time.monotonic() - began < SOON_S
