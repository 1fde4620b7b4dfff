"""The SQL of ingest: at most two statements at READ COMMITTED, whatever the size of the batch.

Mostly nobody else writes to these conversations, and each statement is a transaction of its own:
`LOOK` tells the facts, unless a writer remembers them; `WRITE_IF_STILL` locks, compares every head
with what was seen, and writes what was ruled or nothing. Whoever writes to a conversation raises
its `last_seq`.

Else both are one transaction: `LOCK` locks and tells, `WRITE` writes. What `LOCK` reads beside the
locked rows comes from its snapshot, which is older than the locks it may have waited for. It
returns both the locked and the seen `last_seq`: where they differ it is run once more, with the
locks in hand.
"""

from typing import Final

# Locked in order of `part`: a renewal takes several of these rows too.
_FENCE: Final = """
held AS MATERIALIZED (
  SELECT p.part FROM ingest_partitions p
  JOIN unnest({parts}::int[], {fences}::bigint[]) AS lease (part, fence) USING (part)
  WHERE p.fence = lease.fence
  ORDER BY p.part FOR SHARE OF p
),
fence AS MATERIALIZED (SELECT array_agg(part) AS held FROM held),
"""
# An uncorrelated condition is checked before the first row: no fence, no locks.
_INTACT: Final = "(SELECT cardinality(fence.held) FROM fence) = cardinality({parts}::int[])"

# Without LATERAL and LIMIT the planner may scan an almost empty table and keep that plan while
# the table grows.
_FACTS: Final = """
WITH {fence}
locked AS MATERIALIZED (
  SELECT c.id, c.tenant_id, c.contact_id, c.status, c.last_seq, c.floor_holder, c.floor_epoch,
         c.assignee_id, c.waiting_since
  FROM conversations c WHERE c.id = ANY ($1::uuid[])
    AND {intact}
  ORDER BY c.id {locking}
),
heads AS MATERIALIZED (
  SELECT array_agg(id) AS h0, array_agg(tenant_id) AS h1, array_agg(contact_id) AS h2,
         array_agg(status) AS h3, array_agg(last_seq) AS h4, array_agg(floor_holder) AS h5,
         array_agg(floor_epoch) AS h6, array_agg(assignee_id) AS h7,
         array_agg(waiting_since) AS h8
  FROM locked
),
seen AS MATERIALIZED (
  SELECT array_agg(c.id) AS c0, array_agg(c.last_seq) AS c1
  FROM conversations c WHERE c.id = ANY ($1::uuid[])
),
known AS MATERIALIZED (
  SELECT array_agg(i.conversation_id) AS k0, array_agg(i.id) AS k1, array_agg(m.seq) AS k2,
         array_agg(encode(m.body_hash, 'hex')) AS k3, array_agg(m.created_at) AS k4,
         array_agg(m.message_type) AS k5, array_agg(m.visibility) AS k6
  FROM unnest($2::uuid[], $3::uuid[]) AS i (conversation_id, id)
  CROSS JOIN LATERAL (
    SELECT m.seq, m.body_hash, m.created_at, m.message_type, m.visibility FROM messages m
    WHERE m.conversation_id = i.conversation_id AND m.id = i.id LIMIT 1
  ) m
),
people AS MATERIALIZED (
  SELECT array_agg(a.tenant_id) AS a0, array_agg(a.id) AS a1, array_agg(a.role) AS a2,
         array_agg(a.name) AS a3
  FROM agents a WHERE a.id = ANY ($4::uuid[]) AND a.disabled_at IS NULL
),
sides AS MATERIALIZED (
  SELECT array_agg(s.conversation_id) AS t0, array_agg(s.agent_id) AS t1,
         array_agg(s.leaving_agent_id) AS t2, array_agg(o.agent_id) AS t3
  FROM live_chat_sessions s
  LEFT JOIN LATERAL (
    SELECT o.agent_id FROM session_offers o WHERE o.session_id = s.id AND o.state = 'open' LIMIT 1
  ) o ON true
  WHERE s.conversation_id = ANY ($5::uuid[])
    AND (s.leaving_agent_id IS NOT NULL OR s.status NOT IN ('active', 'wrap_up'))
    AND s.status NOT IN ('ended', 'cancelled', 'failed')
),
stale AS MATERIALIZED (
  SELECT array_agg(v.conversation_id) AS v0, array_agg(v.id) AS v1,
    array_agg(v.sender_id) AS v2, array_agg(v.expected_seq) AS v3,
    array_agg(m.sender_id) AS v4, array_agg(m.name) AS v5, array_agg(m.created_at) AS v6
  FROM unnest($6::uuid[], $7::uuid[], $8::uuid[], $9::bigint[])
    AS v (conversation_id, id, sender_id, expected_seq)
  CROSS JOIN LATERAL (
    SELECT m.sender_id, a.name, m.created_at FROM messages m
    LEFT JOIN agents a ON a.id = m.sender_id
    WHERE m.conversation_id = v.conversation_id AND m.seq > v.expected_seq AND m.role = 'agent'
      AND m.visibility = 'public' AND m.message_type <> 'event'
      AND m.sender_id IS DISTINCT FROM v.sender_id
    ORDER BY m.seq DESC LIMIT 1
  ) m
)
SELECT {held}, heads.*, seen.*, known.*, people.*, sides.*, stale.*,
       date_trunc('milliseconds', clock_timestamp()) AS now
FROM heads, seen, known, people, sides, stale{fence_table}
"""

_ROWS: Final = """
added AS (
  INSERT INTO messages (conversation_id, seq, id, tenant_id, role, sender_id, message_type,
                        visibility, content, payload, body_hash, created_at)
  SELECT m.conversation_id, m.seq, m.id, m.tenant_id, m.role, m.sender_id, m.message_type,
         m.visibility, m.content, m.payload::jsonb, m.body_hash, $1
  FROM unnest($2::uuid[], $3::bigint[], $4::uuid[], $5::uuid[], $6::text[], $7::uuid[],
              $8::text[], $9::text[], $10::text[], $11::text[], $12::bytea[])
    AS m (conversation_id, seq, id, tenant_id, role, sender_id, message_type, visibility,
          content, payload, body_hash){still_table}
  {where_still}
),
told AS (
  INSERT INTO outbox (id, tenant_id, issuer, event, data, created_at)
  SELECT o.id, o.tenant_id, o.issuer, o.event, o.data::jsonb, $1
  FROM unnest($20::uuid[], $21::uuid[], $22::text[], $23::text[], $24::text[])
    AS o (id, tenant_id, issuer, event, data){still_table}
  {where_still}
),
moved AS (
  UPDATE conversations c
  SET last_seq = h.last_seq, last_ts = $1, preview = coalesce(h.preview, c.preview),
      unread = c.unread + h.unread_added, waiting_since = h.waiting_since,
      floor_holder = h.floor_holder, floor_epoch = h.floor_epoch, assignee_id = h.assignee_id,
      status = h.status, snoozed_until = CASE WHEN h.status = 'snoozed' THEN c.snoozed_until END
  FROM unnest($13::uuid[], $14::bigint[], $15::text[], $16::int[], $17::timestamptz[],
              $18::text[], $19::bigint[], $25::uuid[], $26::text[])
    AS h (id, last_seq, preview, unread_added, waiting_since, floor_holder, floor_epoch,
          assignee_id, status){still_table}
  WHERE c.id = h.id {and_still}
)
"""

# What the rules read of a head is compared, not only its number: a change that took none is
# noticed, too. Who wrote from memory has not asked which ids are stored: no head that is as it was
# left has a row which this statement does not see.
_STILL: Final = """
heads AS MATERIALIZED (
  SELECT c.last_seq = s.last_seq AND c.status = s.status AND c.floor_holder = s.floor_holder
         AND c.floor_epoch = s.floor_epoch AND c.assignee_id IS NOT DISTINCT FROM s.assignee_id
         AND c.waiting_since IS NOT DISTINCT FROM s.waiting_since AS same
  FROM unnest($13::uuid[], $27::bigint[], $28::text[], $29::text[], $30::bigint[], $31::uuid[],
              $32::timestamptz[])
    AS s (id, last_seq, status, floor_holder, floor_epoch, assignee_id, waiting_since)
  JOIN conversations c USING (id)
  WHERE {intact}
  ORDER BY c.id FOR UPDATE OF c
),
still AS MATERIALIZED (
  SELECT count(*) FILTER (WHERE same) = cardinality($13::uuid[]) AND NOT EXISTS (
    SELECT FROM unnest($2::uuid[], $4::uuid[]) AS i (conversation_id, id)
    CROSS JOIN LATERAL (
      SELECT FROM messages m WHERE m.conversation_id = i.conversation_id AND m.id = i.id LIMIT 1
    ) m
  ) AS ok FROM heads
),
"""


def _pieces(*, fenced_by: tuple[str, str] | None = None, locking: str = "") -> dict[str, str]:
    if fenced_by is None:
        unfenced = {"fence": "", "intact": "true", "held": "NULL::int[] AS held", "fence_table": ""}
        return unfenced | {"locking": locking}
    parts, fences = fenced_by
    return {
        "fence": _FENCE.format(parts=parts, fences=fences),
        "intact": _INTACT.format(parts=parts),
        "held": "fence.held",
        "fence_table": ", fence",
        "locking": locking,
    }


_VERDICT: Final = "SELECT still.ok, {held} FROM still{fence_table}"
_ROWS_IF_STILL: Final = _ROWS.format(
    still_table=", still", where_still="WHERE still.ok", and_still="AND still.ok"
)
_IF_STILL: Final = "WITH {fence}" + _STILL + _ROWS_IF_STILL + _VERDICT

LOOK: Final = _FACTS.format(**_pieces())
LOCK: Final = _FACTS.format(**_pieces(locking="FOR UPDATE"))
LOCK_FENCED: Final = _FACTS.format(**_pieces(fenced_by=("$10", "$11"), locking="FOR UPDATE"))
WRITE: Final = "WITH" + _ROWS.format(still_table="", where_still="", and_still="") + "SELECT 1"
WRITE_IF_STILL: Final = _IF_STILL.format(**_pieces())
WRITE_IF_STILL_FENCED: Final = _IF_STILL.format(**_pieces(fenced_by=("$33", "$34")))
