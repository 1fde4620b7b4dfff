-- Locks: ACCESS EXCLUSIVE on contacts for a moment, and SHARE while the index is built: nobody becomes
-- a visitor meanwhile. Nothing is rewritten.

ALTER TABLE contacts ADD COLUMN signed jsonb NOT NULL DEFAULT '{}';
CREATE INDEX contacts_seen_idx
    ON contacts (tenant_id, (coalesce(last_seen_at, created_at)) DESC, id DESC);
