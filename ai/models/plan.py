"""Who may use which models for what: one YAML file of the operator (docs/ai.md), read whole.

    tiers:
      pro:
        budget_usd: 50
        models:
          summary_fast:
            - {spec: "openai:small", key: "env:OPENAI_API_KEY", price_in: 0.15, price_out: 0.6}
    tenants:
      acme: {budget_usd: 10, data: local_only}

What a tenant says holds before what its tier says. After all of them comes the offline model.
"""

import ipaddress
from decimal import Decimal
from hashlib import sha256
from math import ceil
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self, get_args
from urllib.parse import urlsplit

import orjson
import yaml
from pydantic import Field, ValidationError, field_validator, model_validator

from ai.contracts import Contract

Purpose = Literal["summary_fast", "summary_rich", "bot", "assist", "moderate", "embed"]
DataPolicy = Literal["raw", "redact", "local_only"]
Structured = Literal["json_schema", "function_calling", "json_mode"]
PLAN_FILE: Final = "models.yaml"
"""In the data folder: where the plan is looked for that no variable names."""
OFFLINE_SPEC: Final = "offline:rules"
MICROS: Final = 1_000_000
"""Of a dollar."""
_PLAN_BYTES_MAX: Final = 1_000_000
_KEPT_STRAIGHT: Final = frozenset({"openai", "anthropic", "ollama"})
"""Providers whose clients reach a local address without any proxy (`ai/models/straight.py`)."""


NO_TRANSLATION: Final = (
    "Chorus translates nothing yet, so that a model for translate would never be asked: take it out"
)
ONE_EMBEDDER: Final = (
    "embed names one model at one address for everybody: vectors of two cannot be compared"
)


class BadPlan(Exception):
    """The file does not fit; the message says where and why, and repeats no value of it."""


class Choice(Contract):
    """One model and the terms it may be used on."""

    spec: str = Field(pattern=r"^[a-z][a-z0-9_]*:[^\s]{1,200}$")
    """`provider:model`, as LangChain's `init_chat_model` knows them."""
    base_url: str | None = Field(default=None, pattern=r"^https?://[^\s@]+$")
    """Of a server that speaks like the provider."""
    key: str | None = Field(
        default=None, pattern=r"^(env:[A-Z][A-Z0-9_]*_API_KEY|file:[A-Za-z0-9_-][A-Za-z0-9._-]*)$"
    )
    """Where the key is, never the key itself."""
    structured: Structured = "json_schema"
    """How it is asked for JSON: many compatible servers ignore `json_schema` in silence."""
    temperature: float | None = Field(default=0.0, ge=0, le=2)
    """Null: it is not sent, for models that refuse it."""
    price_in: Decimal = Field(default=Decimal(0), ge=0)
    """Dollars for a million tokens read."""
    price_out: Decimal = Field(default=Decimal(0), ge=0)
    """Dollars for a million tokens written."""
    rpm: int | None = Field(default=None, ge=1)
    """Requests a minute, of the whole installation."""
    tpm: int | None = Field(default=None, ge=1)
    """Tokens a minute, likewise."""
    concurrency: int | None = Field(default=None, ge=1)
    """Requests at once, likewise."""

    @property
    def is_offline(self) -> bool:
        return self.spec == OFFLINE_SPEC

    @property
    def provider(self) -> str:
        return self.spec.partition(":")[0]

    @property
    def name(self) -> str:
        return self.spec.partition(":")[2]

    @property
    def is_local(self) -> bool:
        """Whether what it is told stays on our own machines: a loopback or private address.

        Other clients than those of `_KEPT_STRAIGHT` would go there by the environment's proxy.
        """
        if self.is_offline or (self.provider == "ollama" and self.base_url is None):
            return True
        if self.provider not in _KEPT_STRAIGHT:
            return False
        host = urlsplit(self.base_url or "").hostname or ""
        if host == "localhost":
            return True
        try:
            return ipaddress.ip_address(host).is_private
        except ValueError:
            return False

    @property
    def place(self) -> str:
        """What fails together, and what limits are counted for: a model behind one key."""
        told = f"{self.spec}\n{self.base_url or ''}\n{self.key or ''}"
        return sha256(told.encode()).hexdigest()[:16]

    def cost_micros(self, tokens_in: int, tokens_out: int) -> int:
        """Millionths of a dollar, rounded up: a price for a million tokens is one for each."""
        return ceil(tokens_in * self.price_in + tokens_out * self.price_out)


OFFLINE: Final = Choice(spec=OFFLINE_SPEC)
Choices = Annotated[tuple[Choice, ...], Field(max_length=8)]


class Terms(Contract):
    """What a tier, or a tenant, may use."""

    budget_usd: Decimal | None = Field(default=None, ge=0)
    """A calendar month (UTC), for all purposes together. Left out: nothing that costs."""
    data: DataPolicy | None = None
    """What may leave the house: personal data as placeholders (`redact`, what holds when nothing is
    said), all of it (`raw`), or nothing (`local_only`)."""
    models: dict[Purpose, Choices] = Field(default_factory=dict)

    @field_validator("models", mode="before")
    @classmethod
    def _is_built(cls, given: Any) -> Any:
        if isinstance(given, dict) and "translate" in given:
            raise ValueError(NO_TRANSLATION)
        return given


class Plan(Contract):
    """The whole file. An empty one: everything is done by rules."""

    tiers: dict[str, Terms] = Field(default_factory=dict)
    tenants: dict[str, Terms] = Field(default_factory=dict)
    """By slug."""

    @model_validator(mode="after")
    def _offline_is_ours(self) -> Self:
        if any(one.provider == "offline" for one in self.all_choices()):
            raise ValueError("offline models are always last and not listed")
        return self

    @model_validator(mode="after")
    def _one_embeds(self) -> Self:
        if len({(one.spec, one.base_url) for one in self.embedders()}) > 1:
            raise ValueError(ONE_EMBEDDER)
        return self

    @property
    def version(self) -> str:
        """Another one whenever anything in it is another."""
        return sha256(orjson.dumps(self.model_dump(mode="json"))).hexdigest()[:12]

    def all_choices(self) -> tuple[Choice, ...]:
        """Every model that is named anywhere, once."""
        return self._named(*get_args(Purpose))

    def speaking(self) -> tuple[Choice, ...]:
        """Those that are asked in words and answer in words."""
        return self._named(*(one for one in get_args(Purpose) if one != "embed"))

    def embedders(self) -> tuple[Choice, ...]:
        """The one that makes vectors, on each terms it is named; empty: it is named for nobody."""
        return self._named("embed")

    def _named(self, *purposes: Purpose) -> tuple[Choice, ...]:
        terms = (*self.tiers.values(), *self.tenants.values())
        listed = (each.models.get(one, ()) for each in terms for one in purposes)
        return tuple({one: None for some in listed for one in some})

    def serves(self, *purposes: Purpose) -> bool:
        """Whether anybody may use a model for one of these."""
        terms = (*self.tiers.values(), *self.tenants.values())
        return any(each.models.get(one) for each in terms for one in purposes)

    def choices(self, slug: str, tier: str, purpose: Purpose) -> tuple[Choice, ...]:
        """Models in the order they are tried; the offline one is always last."""
        own, common = self._terms(slug, tier)
        listed = own.models.get(purpose, common.models.get(purpose, ()))
        if self.data_policy(slug, tier) == "local_only":
            listed = tuple(one for one in listed if one.is_local)
        return (*listed, OFFLINE)

    def budget_micros(self, slug: str, tier: str) -> int:
        own, common = self._terms(slug, tier)
        budget = common.budget_usd if own.budget_usd is None else own.budget_usd
        return int((budget or 0) * MICROS)

    def data_policy(self, slug: str, tier: str) -> DataPolicy:
        own, common = self._terms(slug, tier)
        return own.data or common.data or "redact"

    def _terms(self, slug: str, tier: str) -> tuple[Terms, Terms]:
        return self.tenants.get(slug, _NOTHING), self.tiers.get(tier, _NOTHING)


_NOTHING: Final = Terms()


def plan_of(path: Path, *, named: bool) -> Plan:
    """The operator's plan; where none was written, everything is done by rules.

    Raises:
        BadPlan: it cannot be read, or was `named` and is not there.
    """
    return read_plan(path) if named or path.exists() else Plan()


def read_plan(path: Path) -> Plan:
    """Read the file.

    Raises:
        BadPlan: it is not there, no YAML, or says something we do not know.
    """
    try:
        if path.stat().st_size > _PLAN_BYTES_MAX:
            raise BadPlan(f"{path}: larger than {_PLAN_BYTES_MAX} bytes")
        return parse_plan(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise BadPlan(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise BadPlan(f"{path}: no UTF-8") from error


def parse_plan(written: str) -> Plan:
    """Raises BadPlan."""
    try:
        given: Any = yaml.safe_load(written)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" in line {mark.line + 1}" if mark is not None else ""
        raise BadPlan(f"no YAML{where}") from error
    try:
        return Plan.model_validate({} if given is None else given)
    except ValidationError as error:
        # Values may hold a key that somebody wrote where its place belongs.
        told = (
            f"{'.'.join(map(str, one['loc'])) or 'the file'}: {one['msg']}"
            for one in error.errors(include_input=False, include_url=False, include_context=False)
        )
        raise BadPlan("; ".join(told)) from error
