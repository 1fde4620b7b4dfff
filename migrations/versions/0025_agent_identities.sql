-- Locks: SHARE ROW EXCLUSIVE on agents and tenants for a moment (new foreign keys).
-- One subject of an issuer is one agent of a tenant, and one agent has one account: an address
-- opens the door once, whichever provider vouches for it next.

CREATE TABLE agent_identities (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (tenant_id, issuer, subject),
    UNIQUE (tenant_id, agent_id)
);
SELECT chorus_guard('agent_identities');

GRANT SELECT, INSERT, DELETE ON agent_identities TO chorus_app;
GRANT SELECT ON agent_identities TO chorus_system;
