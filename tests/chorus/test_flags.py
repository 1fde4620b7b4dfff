"""Flags answer from memory; a flag server is followed where there is one."""

import subprocess
import sys

import orjson
import pytest

from chorus.flags import FixedFlags, open_flags
from tests.support.web_server import Answer, web_server

pytestmark = pytest.mark.anyio


async def test_flags_answer_from_memory_and_default_to_off() -> None:
    async with open_flags("", token="", known={"on": True}) as flags:
        assert isinstance(flags, FixedFlags)
        assert flags.enabled("on")
        assert not flags.enabled("unheard")
        assert flags.enabled("unheard", default=True)


async def test_a_flag_server_is_asked_once_and_answers_from_memory_afterwards() -> None:
    features = [
        {"name": "on", "enabled": True, "strategies": [{"name": "default", "parameters": {}}]},
        {"name": "off", "enabled": False, "strategies": []},
    ]
    with web_server() as web:
        body = orjson.dumps({"version": 1, "features": features})
        web.answers["/client/features"] = Answer(body)
        async with open_flags(web.url("/"), token="t", known={"off": True}) as flags:
            asked = len(web.asked)
            assert asked
            assert [flags.enabled(name) for name in ("on", "off", "unheard")] == [
                True,
                False,
                False,
            ]
            assert flags.enabled("unheard", default=True)
            assert len(web.asked) == asked


def test_without_a_flag_server_its_client_is_never_loaded() -> None:
    program = "import sys, chorus.flags; print('UnleashClient' in sys.modules)"
    told = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert told.stdout.strip() == "False", told.stderr
