-- Locks: ACCESS EXCLUSIVE on queues for a moment; nothing is rewritten.
-- Who refused a session is asked again after a while, so that nobody waits for ever.

ALTER TABLE queues
    ADD COLUMN asked_again_after_s integer DEFAULT 120,
    ADD CONSTRAINT queues_asked_again_after_s_check CHECK (asked_again_after_s > 0);
