-- Locks: SHARE ROW EXCLUSIVE on agents and tenants for a moment (new foreign keys).
-- Whoever has the secret of an invitation chooses a password once.

CREATE TABLE agent_invites (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    token_hash bytea NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (token_hash)
);
CREATE INDEX agent_invites_agent_idx ON agent_invites (agent_id);
SELECT chorus_guard('agent_invites');

GRANT SELECT, INSERT ON agent_invites TO chorus_app;
GRANT UPDATE (used_at) ON agent_invites TO chorus_app;
GRANT SELECT ON agent_invites, labels, macros, saved_views TO chorus_system;
GRANT SELECT (tenant_id, token_hash) ON agent_invites TO chorus_lookup;
CREATE POLICY of_lookup ON agent_invites FOR SELECT TO chorus_lookup USING (true);

SET LOCAL ROLE chorus_lookup;
CREATE FUNCTION chorus_invite(wanted_hash bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT tenant_id FROM public.agent_invites WHERE token_hash = wanted_hash
$$;
REVOKE EXECUTE ON FUNCTION chorus_invite FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chorus_invite TO chorus_app;
SET LOCAL ROLE chorus_owner;
