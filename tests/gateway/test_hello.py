"""The greeting tells every limit that the settings know (PROTOCOL §7)."""

import re
from pathlib import Path
from typing import Any

import pytest

from chorus import keys
from chorus.wire.common import MAX_SUBSCRIPTIONS
from gateway.resources import rules_of
from gateway.settings import GatewaySettings

LIMITS = [
    name for name in GatewaySettings.model_fields if re.search(r"_per_|_burst$|_every_", name)
]
OF_OURSELVES = {"presence_every_ms", "heads_every_ms"}
"""What no client can run into."""


@pytest.fixture
def settings(tmp_path: Path) -> GatewaySettings:
    keys.ensure(tmp_path / "keys")
    return GatewaySettings.model_validate({"data": tmp_path})


def told(settings: GatewaySettings) -> dict[str, Any]:
    return dict(rules_of(settings, 1).hello("conn", 1000.0).limits)


@pytest.mark.parametrize("name", sorted(set(LIMITS) - OF_OURSELVES))
def test_hello_tells_every_limit(settings: GatewaySettings, name: str) -> None:
    changed = settings.model_copy(update={name: getattr(settings, name) * 2})
    assert told(changed) != told(settings)


def test_hello_tells_the_numbers_of_the_protocol(settings: GatewaySettings) -> None:
    assert told(settings) == {
        "message": (5.0, 20),
        "agent_message": (10.0, 40),
        "command": (10.0, 20),
        "sign": (10.0, 400),
        "typing": (pytest.approx(1 / 3), 1),
        "subscription": (0.0, MAX_SUBSCRIPTIONS),
        "sockets_per_customer": (0.0, 10),
        "sockets_per_agent": (0.0, 100),
        "sockets_per_tenant": (0.0, 2_000),
        "sockets_per_address": (0.0, 200),
        "handshake": (1.0, 30),
        "visitor_session": (pytest.approx(10 / 3600), 10),
    }
