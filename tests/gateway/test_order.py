"""A sender's messages keep their order, and none is lost or doubled, under every drawn schedule."""

import os

import pytest

from tests.gateway.order_world import order_of

SCHEDULES = int(os.environ.get("CHORUS_ORDER_SCHEDULES", "30"))


@pytest.mark.parametrize("seed", range(SCHEDULES))
def test_what_a_sender_says_is_stored_in_that_order(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = order_of(seed, monkeypatch)
    assert len(world.said) > 100
    assert list(world.ledger.seqs) == world.said
