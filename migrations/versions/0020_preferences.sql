-- Locks: ACCESS EXCLUSIVE on agents for a moment; nothing is rewritten.
-- Orders of views, keys, theme, density: what a console keeps for its agent on every device.

ALTER TABLE agents ADD COLUMN preferences jsonb NOT NULL DEFAULT '{}';
