"""`python -m load.bench_reports`: how long a supervisor waits for the longest report of bots.

A whole installation; 92 days of conversations that a bot answered, one in ten handed over, are put
straight into PostgreSQL: what is measured is reading them over HTTP.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from time import perf_counter

import asyncpg
import httpx

from load.stage import Stage, stage

CONVERSATIONS = 100_000
DAYS = 92
REQUESTS = 5
PARTS = ("edge", "postgres")

_MADE = """
CREATE TEMP TABLE made AS
SELECT gen_random_uuid() AS id, n, now() - $2 * interval '1 day' * n / ($1 + 1) AS at
FROM generate_series(1, $1) n
"""
_PLACE = """
CREATE TEMP TABLE place AS
SELECT i.tenant_id, i.id AS inbox_id, i.bot_id,
    (SELECT c.id FROM contacts c WHERE c.tenant_id = i.tenant_id LIMIT 1) AS contact_id
FROM inboxes i WHERE i.bot_id IS NOT NULL LIMIT 1
"""
_ROWS = """
INSERT INTO conversations (id, tenant_id, inbox_id, contact_id, status, last_seq, created_at, closed_at)
SELECT made.id, tenant_id, inbox_id, contact_id, 'closed', 2, at, at + interval '10 minutes'
FROM made, place;
INSERT INTO messages (conversation_id, seq, id, tenant_id, role, content, body_hash, created_at)
SELECT made.id, 1, gen_random_uuid(), tenant_id, 'customer', 'Where is my parcel?', '', at
FROM made, place;
INSERT INTO messages (conversation_id, seq, id, tenant_id, role, content, body_hash, created_at, payload)
SELECT made.id, 2, gen_random_uuid(), tenant_id, 'bot', 'It is on its way.', '', at + interval '2 s',
    jsonb_build_object('meta', jsonb_build_object(
        'bot', jsonb_build_object('id', bot_id, 'citations', '["k1"]'::jsonb)))
FROM made, place;
INSERT INTO live_chat_sessions (
    id, tenant_id, conversation_id, status, source, requested_by, reason, requested_at, ended_at)
SELECT gen_random_uuid(), tenant_id, made.id, 'ended', 'bot', bot_id, 'explicit',
    at + interval '1 minute', at + interval '9 minutes'
FROM made, place WHERE n % 10 = 0;
ANALYZE conversations, messages, live_chat_sessions;
"""


async def measured(on: Stage) -> str:
    database = await asyncpg.connect(on.database_url, timeout=10)
    try:
        await database.execute(_MADE.replace("$1", str(CONVERSATIONS)).replace("$2", str(DAYS - 1)))
        await database.execute(_PLACE)
        await database.execute(_ROWS)
    finally:
        await database.close()
    headers = {"Authorization": f"Bearer {await on.agent_token('admin')}", "Origin": on.base}
    today = datetime.now(UTC).date()
    asked = {"from": str(today - timedelta(days=DAYS - 1)), "to": str(today), "tz": "UTC"}
    async with httpx.AsyncClient(
        base_url=on.base, headers=headers, timeout=60, trust_env=False
    ) as api:
        return await _asked(on, api, asked)


async def _asked(on: Stage, api: httpx.AsyncClient, asked: dict[str, str]) -> str:
    before, took_s = on.cpu_seconds(), []
    for _ in range(REQUESTS):
        began_s = perf_counter()
        answer = await api.get("/reports/bot", params=asked)
        took_s.append(perf_counter() - began_s)
        answer.raise_for_status()
        counted = answer.json()["total"]["conversations"]
        if counted < CONVERSATIONS:
            raise RuntimeError(f"{counted} of {CONVERSATIONS} conversations are in the report")
    after = on.cpu_seconds()
    spent = ", ".join(f"{one} {(after[one] - before[one]) / REQUESTS:.2f}" for one in PARTS)
    cells = (f"{CONVERSATIONS:,} conversations", f"{sorted(took_s)[REQUESTS // 2]:.2f} s", spent)
    return "| " + " | ".join(cells) + " |"


def main() -> None:
    with stage() as on:
        row = asyncio.run(measured(on))
    print(f"| GET /reports/bot, {DAYS} days | median of {REQUESTS} | CPU-s a request |")
    print("| --- | --- | --- |")
    print(row)


if __name__ == "__main__":
    main()
