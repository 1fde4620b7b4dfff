-- Locks: ACCESS EXCLUSIVE on queues and live_chat_sessions for a moment; nothing is rewritten.
-- A customer who is silent is asked once, and then their session ends: after how long says the queue.

ALTER TABLE queues
    ADD COLUMN idle_asked_after_s integer NOT NULL DEFAULT 300,
    ADD COLUMN idle_ends_after_s integer NOT NULL DEFAULT 900,
    ADD COLUMN idle_then text NOT NULL DEFAULT 'end',
    ADD CONSTRAINT queues_idle_asked_after_s_check CHECK (idle_asked_after_s > 0),
    ADD CONSTRAINT queues_idle_ends_after_s_check CHECK (idle_ends_after_s > idle_asked_after_s),
    ADD CONSTRAINT queues_idle_then_check CHECK (idle_then IN ('end', 'bot'));

ALTER TABLE live_chat_sessions ADD COLUMN idle_asked_at timestamptz;
