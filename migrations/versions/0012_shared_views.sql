-- Locks: ACCESS EXCLUSIVE on saved_views, which is small.
-- A view without an agent is everybody's, as with canned replies and macros.

ALTER TABLE saved_views
    DROP CONSTRAINT saved_views_tenant_id_agent_id_name_key,
    ALTER COLUMN agent_id DROP NOT NULL;
UPDATE saved_views SET agent_id = NULL WHERE shared;
ALTER TABLE saved_views
    DROP COLUMN shared,
    ADD UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, name);
