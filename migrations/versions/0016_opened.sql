-- Locks: SHARE on conversations while the index is built: writers wait for one reading of the table.
-- Reports ask what was opened in some days. `created_at` never moves, so updates stay HOT.

CREATE INDEX conversations_created_idx ON conversations (tenant_id, created_at);
