"""Structured logs: snake_case events with facts as fields; never content, never tokens."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog

_TOKEN = re.compile(
    r"eyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*|chorus\.bearer\.\S+|(?i:bearer|token)\s+[\w.~+/=-]{16,}"
)
_FORBIDDEN_FIELDS = frozenset(
    {"content", "token", "password", "authorization", "refresh_token", "text"}
)
_PINNED = (
    "websockets",
    "websockets.server",
    "uvicorn.error",
    "uvicorn.asgi",
    "httpx",
    "httpcore",
    "asyncio",
)

get_logger = structlog.stdlib.get_logger


def redact(text: str) -> str:
    """Replace anything that looks like a credential."""
    return _TOKEN.sub("[redacted]", text)


def _redact_fields(
    _logger: Any, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if key in _FORBIDDEN_FIELDS:
            event[key] = "[redacted]"
        elif isinstance(value, str):
            event[key] = redact(value)
    return event


def setup(*, process: str, level: str, form: str) -> None:
    """Send structlog and stdlib logging through one redacting pipeline to stderr.

    Third-party loggers that print frames or headers at DEBUG are pinned at INFO (RELIABILITY F8).
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.format_exc_info,
        _redact_fields,
    ]
    renderer: Any = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if form == "console"
        else structlog.processors.JSONRenderer()
    )
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                _redact_fields,
                renderer,
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level)
    for name in _PINNED:
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLevelName(level)))
    structlog.contextvars.bind_contextvars(process=process)
