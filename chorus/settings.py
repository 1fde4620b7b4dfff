"""Settings: typed, frozen, read once in a composition root from the environment.

Each process has a `settings.py` with a subclass of `Settings`; the variable of a field is
`CHORUS_<FIELD>` unless it names an alias. `make gen` lists them all in `docs/settings.md` and
`.env.example`; a field without a docstring fails a test.
"""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError
from pydantic_core import PydanticCustomError

PREFIX = "CHORUS_"
_REDIS = r"^(redis|rediss|unix)://"
# The port is the last thing the driver reads by itself, with an error that repeats the URL.
_POSTGRES = re.compile(r"postgres(ql)?://([^@\s]*@)?(\[[^\]\s]*\]|[^:/?\s]*)(:\d+)?([,/?]\S*)?")


class BadSettings(Exception):
    """The environment does not fit; the message names the variable and what is wrong with it."""


class Settings(BaseModel):
    """What every process reads."""

    model_config = ConfigDict(frozen=True, extra="ignore", use_attribute_docstrings=True)

    data: Path = Path(".chorus")
    """Directory for keys, sockets and embedded servers."""
    redis_url: str = Field("redis://127.0.0.1:6379/0", validation_alias="REDIS_URL", pattern=_REDIS)
    """Redis, with user, password and database number in the URL."""
    keys: Path | None = None
    """Directory of signing keys and `jwks.json`; `<data>/keys` when left out."""
    rpc: str | None = None
    """gRPC target of the chat service: `unix:/path` or `host:port`; `unix:<data>/rpc.sock` when left out."""
    rpc_ca: Path | None = None
    """Certificates that both sides of a gRPC target over TCP must descend from, as PEM; not used on a Unix socket."""
    rpc_cert: Path | None = None
    """Certificate of this process for gRPC over TCP, as PEM; it names the host in `CHORUS_RPC`."""
    rpc_key: Path | None = None
    """Private key of that certificate, as PEM."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Least severe level that is logged."""
    log_format: Literal["json", "console"] = "json"
    """`console` is for people in front of a terminal."""
    dev: bool = False
    """Turns on `/dev/*`, `/demo` and seeded passwords; only for loopback."""

    @property
    def keys_dir(self) -> Path:
        return self.keys or self.data / "keys"

    @property
    def rpc_target(self) -> str:
        return self.rpc or f"unix:{(self.data / 'rpc.sock').absolute()}"

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> Self:
        """Read the variables of this class.

        Raises:
            BadSettings: a variable does not fit its type; says which and why, not its value.
        """
        known = {variable(cls, name): name for name in cls.model_fields}
        values = {key: environ[key] for key in known if environ.get(key, "") != ""}
        try:
            return cls.model_validate(
                {_input_name(cls, known[key]): value for key, value in values.items()}
            )
        except ValidationError as error:
            raise BadSettings(_explain(cls, error)) from error


def _postgres_url(url: str) -> str:
    """Refuse what the driver could not read, without repeating it: it may hold a password."""
    if _POSTGRES.fullmatch(url) is None:
        raise PydanticCustomError(
            "url", "postgresql://user:password@host:port/database is expected"
        )
    return url


class DatabaseSettings(Settings):
    """What every process with a database reads."""

    database_url: Annotated[str, AfterValidator(_postgres_url)] = Field(
        "postgresql://127.0.0.1:5432/chorus", validation_alias="DATABASE_URL"
    )
    """PostgreSQL: `postgresql://user:password@host:port/database`."""


def variable(kind: type[Settings], field: str) -> str:
    """The environment variable of a field."""
    alias = kind.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else f"{PREFIX}{field.upper()}"


def _input_name(kind: type[Settings], field: str) -> str:
    alias = kind.model_fields[field].validation_alias
    return alias if isinstance(alias, str) else field


def _explain(kind: type[Settings], error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else ""
        shown = variable(kind, name) if name in kind.model_fields else name
        lines.append(f"{shown}: {problem['msg']}")
    return "; ".join(lines)
