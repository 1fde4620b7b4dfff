"""Admins see what models cost them, and may spend less than their plan allows."""

from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from chat_service.store.usage import Month
from chat_service.usage import Standing, Usage
from chorus.ids import uuid7
from chorus.tables.spending import RESERVE
from tests.chat_service.api_world import Api, Tenant

pytestmark = pytest.mark.anyio
PATH = "/admin/usage"
BUDGET = 1_000
MARCH = date(2025, 3, 1)


async def reserve(
    api: Api, tenant: Tenant, micros: int, budget: int = BUDGET, **changes: Any
) -> UUID | None:
    """What a call would set aside; None: it is not allowed."""
    given: dict[str, Any] = {
        "purpose": "bot",
        "spec": "openai:small",
        "at": datetime.now(UTC),
    } | changes
    at, task = given["at"], str(uuid7())
    rows = await api.rows(
        RESERVE, uuid7(), tenant.id, at.date().replace(day=1), micros, budget, None,
        given["purpose"], given["spec"], "bot_answer@1#0", "p1", task, 1, at,
    )  # fmt: skip
    return rows[0][0] if rows else None


async def ask(api: Api, who: Any, method: str = "GET", path: str = PATH, **body: Any) -> Any:
    given: dict[str, Any] = {"json": body} if body else {}
    answer = await api.client.request(method, path, headers=api.token(who), **given)
    return answer.status_code, answer.json()


async def test_a_month_is_told_by_purpose_and_model(api: Api, acme: Tenant, rival: Tenant) -> None:
    admin, march = acme.principal("admin"), datetime(2025, 3, 31, 23, 59, tzinfo=UTC)
    assert (await ask(api, admin))[1]["standing"] == "unused"
    for micros, changes in (
        (100, {}),
        (50, {}),
        (30, {"purpose": "summary_fast"}),
        (7, {"at": march}),
    ):
        spent = await reserve(api, acme, micros, **changes)
        await api.rows(
            "UPDATE llm_usage SET result = 'answered', tokens_in = 10, tokens_out = 2 WHERE id = $1",
            spent,
        )
    await reserve(api, rival, 900)
    _, found = await ask(api, admin)
    assert (found["micros"], found["calls"], found["budgetMicros"]) == (180, 3, BUDGET)
    assert (found["capMicros"], found["standing"]) == (None, "within")
    told = [
        (one["feature"], one["calls"], one["tokensIn"], one["micros"]) for one in found["models"]
    ]
    assert told == [("bot", 2, 20, 150), ("summary_fast", 1, 10, 30)]
    assert [one["micros"] for one in found["months"]] == [180, 7]
    _, before = await ask(api, admin, path=f"{PATH}?month=2025-03-15")
    assert (before["month"], before["micros"], len(before["models"])) == ("2025-03-01", 7, 1)
    _, early = await ask(api, admin, path=f"{PATH}?month=2025-02-01")
    assert (early["calls"], early["models"], early["months"]) == (0, [], [])


async def test_a_tenant_may_spend_less_than_its_plan_allows_and_not_more(
    api: Api, acme: Tenant
) -> None:
    admin = acme.principal("admin")
    assert await reserve(api, acme, 300) is not None
    status, found = await ask(api, admin, "PATCH", capMicros=350)
    assert (status, found["capMicros"], found["standing"]) == (200, 350, "near")
    assert await reserve(api, acme, 51) is None
    assert await reserve(api, acme, 0) is not None
    assert (await ask(api, admin))[1]["standing"] == "over"
    assert await reserve(api, acme, 50) is not None
    assert (await ask(api, admin))[1]["standing"] == "over"
    await ask(api, admin, "PATCH", capMicros=10 * BUDGET)
    assert await reserve(api, acme, BUDGET) is None
    _, found = await ask(api, admin, "PATCH", capMicros=None)
    assert (found["capMicros"], found["micros"]) == (None, 350)
    assert await reserve(api, acme, 650) is not None
    rows = await api.rows(
        "SELECT detail->'model_cap_micros'->>'to' FROM audit_log WHERE tenant_id = $1"
        " AND action = 'tenant.changed' ORDER BY id",
        acme.id,
    )
    assert [one[0] for one in rows] == ["350", "10000", None]


async def test_a_refused_call_is_told_with_the_limit_that_refused_it(
    api: Api, acme: Tenant
) -> None:
    admin = acme.principal("admin")
    assert await reserve(api, acme, BUDGET + 1) is None
    _, found = await ask(api, admin)
    assert (found["standing"], found["calls"], found["budgetMicros"]) == ("over", 0, BUDGET)
    assert await reserve(api, acme, 400) is not None
    assert (await ask(api, admin))[1]["standing"] == "within"
    assert await reserve(api, acme, 200, budget=500) is None
    _, found = await ask(api, admin)
    assert (found["standing"], found["calls"], found["budgetMicros"]) == ("over", 1, 500)
    # Of a plan that allows more by now, the next call says so.
    assert await reserve(api, acme, 200) is not None
    _, found = await ask(api, admin)
    assert (found["standing"], found["budgetMicros"]) == ("within", BUDGET)


async def test_a_limit_leaves_the_other_settings_of_a_tenant_alone(api: Api, acme: Tenant) -> None:
    await api.rows(
        """UPDATE tenants SET settings = '{"x": {"y": 1}, "models": {"z": 2}}' WHERE id = $1""",
        acme.id,
    )
    await ask(api, acme.principal("admin"), "PATCH", capMicros=5)
    ((kept,),) = await api.rows("SELECT settings::text FROM tenants WHERE id = $1", acme.id)
    assert kept == '{"x": {"y": 1}, "models": {"z": 2, "cap_micros": 5}}'


@pytest.mark.parametrize("who", ["agent", "supervisor", "contact"])
async def test_only_admins_see_money(api: Api, acme: Tenant, who: str) -> None:
    principal = acme.principal(who)
    assert (await ask(api, principal))[0] == 403
    assert (await ask(api, principal, "PATCH", capMicros=1))[0] == 403


@pytest.mark.parametrize("month", ["9999-12-31", "0001-01-01", "2025-13-01", "now", "2025-03"])
async def test_a_month_that_is_none_is_refused(api: Api, acme: Tenant, month: str) -> None:
    assert (await ask(api, acme.principal("admin"), path=f"{PATH}?month={month}"))[0] == 422


@pytest.mark.parametrize("cap", [-1, 10**12 + 1, "5", 1.5, True])
async def test_a_limit_is_a_number_of_millionths(api: Api, acme: Tenant, cap: Any) -> None:
    assert (await ask(api, acme.principal("admin"), "PATCH", capMicros=cap))[0] == 422


@pytest.mark.parametrize(
    ("calls", "micros", "budget", "cap", "standing"),
    [
        (0, 0, None, None, "unused"),
        (0, 0, 100, 0, "unused"),
        (1, 0, 0, None, "within"),
        (1, 79, 100, None, "within"),
        (1, 80, 100, None, "near"),
        (1, 80, 100, 80, "over"),
        (1, 80, 80, 100, "over"),
        (1, 80, None, None, "within"),
        (1, 1, None, 0, "over"),
    ],
)
def test_where_a_month_stands(
    calls: int, micros: int, budget: int | None, cap: int | None, standing: Standing
) -> None:
    assert Usage(MARCH, cap, [Month(MARCH, micros, calls, budget)], []).standing == standing


@pytest.mark.parametrize(
    ("micros", "refused", "cap", "is_past", "standing"),
    [
        (70, 31, None, False, "over"),
        (70, 30, None, False, "within"),
        (70, 10, 75, False, "over"),
        (70, 10, 75, True, "over"),
        (70, None, 50, True, "within"),
        (70, None, 50, False, "over"),
    ],
)
def test_where_a_month_stands_after_a_refusal(
    micros: int, refused: int | None, cap: int | None, is_past: bool, standing: Standing
) -> None:
    month = Month(MARCH, micros, 1, 100, refused)
    assert Usage(MARCH, cap, [month], [], is_past).standing == standing
