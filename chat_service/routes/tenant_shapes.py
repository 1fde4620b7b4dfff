"""What a tenant's settings, keys, audit log and health look like over REST."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, Field

from chat_service.routes.admin_shapes import Absent, Name, Setting
from chat_service.routes.shapes import Shape
from chat_service.routes.widget_shapes import Strict


class TenantChange(Setting):
    name: Name = Absent
    retention_days: Annotated[int, Field(strict=True, ge=1, le=2555)] | None = Absent
    """How long messages are kept; null: as the installation says."""
    traits: Strict = Absent
    """Whether rules read topic, mood and language off customers' words; what was read stays."""
    auto_tags: Strict = Absent
    """Whether rules put the tags that words bear out, each once; else they are suggested."""


class TenantAnswer(Shape):
    id: UUID
    slug: str
    name: str
    tier: str
    retention_days: int | None
    traits: bool
    auto_tags: bool
    created_at: str


Scope = Literal[
    "chat:read",
    "chat:write",
    "chat:escalate",
    "summary:read",
    "reports:read",
    "notify:write",
    "admin:read",
]


class NewKey(Setting):
    name: Name
    scopes: Annotated[list[Scope], Field(min_length=1, max_length=10)]
    expires_at: AwareDatetime | None = None


class KeyCard(Shape):
    id: UUID
    name: str
    scopes: list[str]
    created_by: UUID | None
    created_at: str
    expires_at: str | None
    revoked_at: str | None


class KeyList(Shape):
    items: list[KeyCard]


class MadeKey(Shape):
    id: UUID
    credential: str
    """Shown once: `Authorization: Token <credential>`."""


class IssuerCard(Shape):
    """Somebody whose tokens are believed; set by `CHORUS_ISSUERS`."""

    name: str
    jwks_url: str
    audiences: list[str]
    own: bool
    """It speaks for this tenant only."""


class IdentityAnswer(Shape):
    issuers: list[IssuerCard]
    keys: list[str]
    """The ids of the keys that our own tokens are signed with; the first is current."""
    jwks_url: str


class AuditQuery(Shape):
    action: Annotated[str | None, Field(max_length=80)] = None
    """Its beginning, like `queue.` or `message.deleted`."""
    subject: Annotated[str | None, Field(max_length=200)] = None
    """Its beginning, like `agent:`."""
    actor: UUID | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    cursor: Annotated[str | None, Field(max_length=500)] = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50
    format: Literal["json", "csv"] | None = None
    """CSV holds one page, too."""


class AuditEntry(Shape):
    id: UUID
    at: str
    actor_id: UUID | None
    actor: str | None
    role: str
    action: str
    subject: str
    detail: dict[str, Any]
    address: str | None


class AuditList(Shape):
    items: list[AuditEntry]
    next_cursor: str | None


class HealthCheck(Shape):
    name: str
    state: Literal["ok", "warning", "broken"]
    says: str
    fix: str
    """What to do; empty where it is well."""


class HealthAnswer(Shape):
    at: str
    version: str
    state: Literal["ok", "warning", "broken"]
    checks: list[HealthCheck]
