-- Locks: ACCESS EXCLUSIVE on queues for a moment; nothing is rewritten.
-- What customers read when their session moves, in a queue's own words.

ALTER TABLE queues ADD COLUMN texts jsonb DEFAULT '{}' NOT NULL;
