"""A tenant's own settings over REST: name and retention, keys, issuers, audit log, health."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, Final
from uuid import UUID

import orjson
from fastapi import Header, Path, Query, Request, Response

from chat_service import health, tenant_admin
from chat_service.routes.admin_parts import ADMIN, By
from chat_service.routes.csv_tables import attached, is_csv, table
from chat_service.routes.guard import Needs, Route, Who, With
from chat_service.routes.tenant_shapes import (
    AuditList,
    AuditQuery,
    HealthAnswer,
    IdentityAnswer,
    KeyList,
    MadeKey,
    NewKey,
    TenantAnswer,
    TenantChange,
)
from chat_service.store.tenant import Entry, KeyCard, TenantCard
from chorus import keys
from chorus.clock import rfc3339
from chorus.issuers import parse_issuers
from chorus.web import json_response

KeyId = Annotated[UUID, Path(alias="keyId")]
_LOOK: Final = Needs("admin:read", frozenset({"admin", "server"}))


async def tenant_shown(resources: With, who: Who) -> Response:
    return json_response(_tenant(await tenant_admin.read(resources.db, who)))


async def tenant_changed(body: TenantChange, resources: With, by: By) -> Response:
    """What is left out stays. Messages older than the new retention go with the next night."""
    chosen = body.model_dump(exclude_unset=True)
    return json_response(_tenant(await tenant_admin.change(resources.commands, by, chosen)))


def _tenant(card: TenantCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "slug": card.slug,
        "name": card.name,
        "tier": card.tier,
        "retentionDays": card.retention_days,
        "traits": card.traits,
        "autoTags": card.auto_tags,
        "createdAt": rfc3339(card.created_at),
    }


async def api_keys(resources: With, who: Who) -> Response:
    """Secrets of services; the newest first, revoked ones last."""
    found = await tenant_admin.keys(resources.db, who)
    return json_response({"items": [_key(one) for one in found]})


async def api_key_made(body: NewKey, resources: With, by: By) -> Response:
    """A secret for a service, shown once."""
    made = await tenant_admin.make_key(
        resources.commands,
        by,
        name=body.name,
        scopes=list(body.scopes),
        expires_at=body.expires_at,
    )
    answer = {"id": made.id, "credential": made.credential}
    return json_response(answer, 201, headers={"Cache-Control": "no-store"})


async def api_key_revoked(key_id: KeyId, resources: With, by: By) -> Response:
    """Within half a minute no process believes it any more."""
    await tenant_admin.revoke_key(resources.commands, by, key_id)
    return Response(status_code=204)


def _key(card: KeyCard) -> dict[str, Any]:
    return {
        "id": card.id,
        "name": card.name,
        "scopes": card.scopes,
        "createdBy": card.created_by,
        "createdAt": rfc3339(card.created_at),
        "expiresAt": card.expires_at and rfc3339(card.expires_at),
        "revokedAt": card.revoked_at and rfc3339(card.revoked_at),
    }


async def identity(request: Request, resources: With, who: Who) -> Response:
    """Whose tokens are believed here, and which keys sign our own."""
    issuers = [
        {
            "name": one.name,
            "jwksUrl": one.jwks_url,
            "audiences": one.audiences,
            "own": one.tenant_id is not None,
        }
        for one in parse_issuers(resources.settings.issuers)
        if one.tenant_id in (None, who.tenant_id)
    ]
    directory = resources.settings.keys_dir
    published = [one["kid"] for one in keys.jwks(directory)["keys"]]
    current = keys.signing_key(directory).kid
    base = resources.settings.base_url.rstrip("/") or str(request.base_url).rstrip("/")
    return json_response(
        {
            "issuers": issuers,
            "keys": [current, *(one for one in published if one != current)],
            "jwksUrl": f"{base}/.well-known/jwks.json",
        }
    )


async def audit(
    asked: Annotated[AuditQuery, Query()],
    resources: With,
    who: Who,
    accept: Annotated[str, Header(max_length=500)] = "",
) -> Response:
    """Who did what to what, the latest first. Nobody can change or delete an entry."""
    filters = {name: getattr(asked, name) for name in _FILTERS}
    page = await tenant_admin.audit(
        resources.db, who, filters, cursor=asked.cursor, limit=asked.limit
    )
    items = [_entry(one) for one in page.items]
    if is_csv(asked.format, accept):
        return attached(table([_line(one) for one in items]), "audit.csv")
    return json_response({"items": items, "nextCursor": page.next_cursor})


_FILTERS: Final = ("action", "subject", "actor", "since", "until")


def _entry(one: Entry) -> dict[str, Any]:
    return {
        "id": one.id,
        "at": rfc3339(one.at),
        "actorId": one.actor_id,
        "actor": one.actor,
        "role": one.role,
        "action": one.action,
        "subject": one.subject,
        "detail": one.detail,
        "address": one.address,
    }


def _line(entry: Mapping[str, Any]) -> dict[str, Any]:
    told = orjson.dumps(entry["detail"]).decode()
    texts = {name: str(value or "") for name, value in entry.items()}
    return {**texts, "detail": told}


async def health_shown(resources: With) -> Response:
    """What `/readyz`, the doctor and the reconcilers know, with what to do about it."""
    found = await health.examine(
        resources.system, resources.redis, resources.readiness, resources.clock
    )
    return json_response(
        {
            "at": rfc3339(found.at),
            "version": found.version,
            "state": found.state,
            "checks": [asdict(one) for one in found.checks],
        }
    )


_SETTINGS, _KEYS = "/admin/settings", "/admin/api-keys"

ROUTES = (
    Route("GET", _SETTINGS, tenant_shown, _LOOK, "A tenant's own settings", TenantAnswer),
    Route("PATCH", _SETTINGS, tenant_changed, ADMIN, "Change them", TenantAnswer),
    Route("GET", _KEYS, api_keys, _LOOK, "List API keys", KeyList),
    Route("POST", _KEYS, api_key_made, ADMIN, "Make an API key", MadeKey, status=201),
    Route("DELETE", f"{_KEYS}/{{keyId}}", api_key_revoked, ADMIN, "Revoke an API key", status=204),
    Route("GET", "/admin/identity", identity, _LOOK, "Whose tokens are believed", IdentityAnswer),
    Route("GET", "/admin/audit", audit, _LOOK, "Who did what", AuditList),
    Route("GET", "/admin/health", health_shown, _LOOK, "How the installation is", HealthAnswer),
)
