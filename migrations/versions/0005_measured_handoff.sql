-- Locks: ACCESS EXCLUSIVE on live_chat_sessions, for as long as its rows are checked and filled.
-- What reports on handoff ask of a session: the promise, whether nobody could come, the rating.

ALTER TABLE live_chat_sessions
    ADD COLUMN promised_eta_s integer,
    ADD COLUMN deferred_at timestamptz,
    ADD COLUMN rating integer,
    ADD CONSTRAINT live_chat_sessions_promised_eta_s_check CHECK (promised_eta_s >= 0),
    ADD CONSTRAINT live_chat_sessions_rating_check CHECK (rating BETWEEN 1 AND 5);

-- The owner sees no rows of its guarded tables.
SET LOCAL ROLE chorus_system;
UPDATE live_chat_sessions SET deferred_at = requested_at WHERE status = 'deferred';

-- A conversation was rated after the last session that somebody answered.
UPDATE live_chat_sessions s SET rating = c.csat_score
FROM conversations c
WHERE c.id = s.conversation_id AND c.csat_score IS NOT NULL AND s.id = (
    SELECT last.id FROM live_chat_sessions last
    WHERE last.conversation_id = c.id AND last.accepted_at IS NOT NULL
    ORDER BY last.requested_at DESC, last.id DESC LIMIT 1
);
SET LOCAL ROLE chorus_owner;

-- The offers of a tenant by the time they were made.
CREATE INDEX session_offers_offered_idx ON session_offers (tenant_id, offered_at);

GRANT DELETE ON routing_decisions TO chorus_system;
