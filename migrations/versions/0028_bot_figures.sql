-- Locks: SHARE on messages and llm_usage while their new indexes are made of what bots said and of
-- calls in flight; ACCESS EXCLUSIVE on bots, which is small, for a moment. Nothing is rewritten.
-- What bots did is found by day; a deleted bot stays for what it did, and frees its name.

CREATE INDEX messages_bot_idx ON messages (tenant_id, created_at)
    WHERE role = 'bot' AND message_type <> 'event';
CREATE INDEX llm_usage_reserved_idx ON llm_usage (at) WHERE result = 'reserved';

ALTER TABLE bots
    ADD COLUMN archived_at timestamptz,
    DROP CONSTRAINT bots_tenant_id_name_key;
CREATE UNIQUE INDEX bots_name_key ON bots (tenant_id, name) WHERE archived_at IS NULL;
