"""What is revoked stays revoked, however the list is read again."""

from datetime import UTC, datetime

from chat_service.store.security import RevocationRow
from chat_service.trust import OWN_KEPT_S, Revoked
from chorus.auth import AUD_AGENT, Principal
from chorus.ids import uuid7

TENANT, AGENT = uuid7(), uuid7()
AT = datetime(2026, 1, 1, 12, 0, 0, 500_000, tzinfo=UTC)


def _principal(*, issued_at: int, jti: str = "j") -> Principal:
    return Principal(
        tenant_id=TENANT,
        user_id=AGENT,
        role="agent",
        audience=AUD_AGENT,
        scopes=frozenset(),
        expires_at=issued_at + 900,
        issued_at=issued_at,
        jti=jti,
    )


def _row(seq: int, kind: str, subject: str) -> RevocationRow:
    return RevocationRow(seq, TENANT, kind, subject, AT)


def test_tokens_up_to_the_second_of_the_revocation_are_void_and_later_ones_good() -> None:
    revoked = Revoked()
    revoked.add([_row(1, "user", str(AGENT))])
    second = int(AT.timestamp())
    covered = [revoked.covers(_principal(issued_at=second + late)) for late in (-1, 0, 1)]
    assert covered == [True, True, False]


def test_a_token_a_user_and_a_tenant_can_be_revoked() -> None:
    for kind, subject in (("token", "j"), ("user", str(AGENT)), ("tenant", str(TENANT))):
        revoked = Revoked()
        revoked.add([_row(1, kind, subject)])
        assert revoked.covers(_principal(issued_at=1))
    assert not revoked.covers(_principal(issued_at=2**40))


def test_a_list_read_a_moment_too_early_forgets_nothing_of_ours() -> None:
    now = [0.0]
    revoked = Revoked(lambda: now[0])
    revoked.add([_row(7, "token", "j")])
    revoked.replace([])
    assert revoked.covers(_principal(issued_at=1))
    assert [one.id for one in revoked.all] == [7]
    now[0] = OWN_KEPT_S + 1
    revoked.replace([_row(8, "token", "k")])
    assert not revoked.covers(_principal(issued_at=1))
    assert revoked.covers(_principal(issued_at=1, jti="k"))
