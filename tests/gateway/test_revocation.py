"""Which tokens a revocation ends: those that were made before it, and none that followed."""

from dataclasses import replace
from uuid import uuid4

import pytest

from chorus.auth import AUD_AGENT, ROLE_SCOPES, Principal
from chorus.codes import CloseCode
from chorus.wire.calls import Revocation
from gateway.hub import Hub
from gateway.pending import Outstanding
from gateway.revocation import Revocations

REVOKED_S = 1_000
AGENT = Principal(uuid4(), uuid4(), "agent", AUD_AGENT, ROLE_SCOPES["agent"], 10_000, jti="t-1")


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("user", CloseCode.INVALID_TOKEN),
        ("tenant", CloseCode.TENANT_DISABLED),
        ("token", CloseCode.INVALID_TOKEN),
    ],
)
def test_what_is_made_from_that_second_on_is_good_again(kind: str, code: CloseCode) -> None:
    subjects = {"user": str(AGENT.user_id), "tenant": str(AGENT.tenant_id), "token": AGENT.jti}
    revocations = Revocations(Hub(Outstanding()))
    revocations.add(Revocation(id=1, kind=kind, subject=subjects[kind], before=REVOKED_S))
    ended = [
        revocations.ended(replace(AGENT, issued_at=made_s))
        for made_s in (REVOKED_S - 1, REVOKED_S, REVOKED_S + 1)
    ]
    assert ended == [code, None, None]


def test_nobody_else_is_meant() -> None:
    revocations = Revocations(Hub(Outstanding()))
    revocations.add(Revocation(id=1, kind="user", subject=str(uuid4()), before=REVOKED_S))
    assert revocations.ended(AGENT) is None
