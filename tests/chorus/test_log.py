"""Nothing that looks like a credential or like what people say reaches a log line."""

import json
import logging
from collections.abc import Iterator

import pytest
import structlog

from chorus import log

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiJ4In0.c2lnbmF0dXJl"


@pytest.fixture(autouse=True)
def logging_as_it_was() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    levels = {name: logging.getLogger(name).level for name in log._PINNED}
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)
    structlog.reset_defaults()
    structlog.contextvars.clear_contextvars()


def lines(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    return [json.loads(line) for line in capsys.readouterr().err.splitlines()]


@pytest.mark.parametrize(
    "text",
    [
        f"GET / {TOKEN}",
        f"chorus.v1, chorus.bearer.{TOKEN}",
        f"Authorization: Bearer {TOKEN}",
        "authorization: token 0123456789abcdef0123.tenant",
        "bearer abcdefghijklmnop",
    ],
)
def test_a_credential_is_replaced(text: str) -> None:
    cleaned = log.redact(text)
    assert "[redacted]" in cleaned
    for secret in (TOKEN, "0123456789abcdef0123.tenant", "abcdefghijklmnop"):
        assert secret not in cleaned


@pytest.mark.parametrize("text", ["a token is needed", "token_exp=17", "eyJ", "chorus.v1"])
def test_plain_words_stay(text: str) -> None:
    assert log.redact(text) == text


def test_a_line_is_one_json_object_with_facts_as_fields(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(process="test", level="INFO", form="json")
    log.get_logger("chorus.test").info("session_ended", held_s=312)
    (line,) = lines(capsys)
    assert {key: line[key] for key in ("event", "held_s", "level", "process", "logger")} == {
        "event": "session_ended",
        "held_s": 312,
        "level": "info",
        "process": "test",
        "logger": "chorus.test",
    }


@pytest.mark.parametrize("field", sorted(log._FORBIDDEN_FIELDS))
def test_a_forbidden_field_is_blanked(field: str, capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(process="test", level="INFO", form="json")
    log.get_logger("chorus.test").info("frame_taken", **{field: "my card is 4111"})
    assert lines(capsys)[0][field] == "[redacted]"


def test_tokens_are_redacted_in_any_field_and_in_foreign_lines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    log.setup(process="test", level="INFO", form="json")
    log.get_logger("chorus.test").info("upgrade", header=f"Bearer {TOKEN}")
    logging.getLogger("uvicorn.access").warning("GET /x %s", TOKEN)
    assert TOKEN not in capsys.readouterr().err


def test_a_traceback_is_redacted(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(process="test", level="INFO", form="json")
    try:
        raise ValueError(f"bad {TOKEN}")
    except ValueError:
        log.get_logger("chorus.test").exception("broken")
    written = capsys.readouterr().err
    assert "ValueError" in written
    assert TOKEN not in written


@pytest.mark.parametrize("name", log._PINNED)
def test_loggers_that_print_frames_never_go_below_info(name: str) -> None:
    log.setup(process="test", level="DEBUG", form="json")
    assert logging.getLogger(name).getEffectiveLevel() == logging.INFO


def test_people_get_lines_they_can_read(capsys: pytest.CaptureFixture[str]) -> None:
    log.setup(process="test", level="INFO", form="console")
    log.get_logger("chorus.test").info("ready", port=8080)
    written = capsys.readouterr().err
    assert "ready" in written
    assert "8080" in written
