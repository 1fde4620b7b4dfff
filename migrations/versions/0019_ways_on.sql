-- Locks: ACCESS EXCLUSIVE on queues for a moment, nothing is rewritten; SHARE on live_chat_sessions
-- while the index is built: writers wait for one reading of the table.
-- Who waits too long where no other queue follows is asked what they would like, or put off. A team
-- that nobody of comes is given up after a while, so that nobody waits for it for ever.

ALTER TABLE queues
    ADD COLUMN max_wait_then text NOT NULL DEFAULT 'ask',
    ADD CONSTRAINT queues_max_wait_then_check CHECK (max_wait_then IN ('ask', 'defer')),
    ADD COLUMN team_wait_s integer DEFAULT 120,
    ADD CONSTRAINT queues_team_wait_s_check CHECK (team_wait_s > 0);

-- The router reads the oldest of each line.
CREATE INDEX live_chat_sessions_deferred_idx
    ON live_chat_sessions (tenant_id, queue_id, requested_at, id) WHERE status = 'deferred';
