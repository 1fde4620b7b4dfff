-- Locks: none that anybody waits for; every table here is new.
-- Tenants, inboxes, queues, agents, teams, contacts; and how each table is guarded.

CREATE TABLE installation (
    id integer NOT NULL,
    epoch text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    CONSTRAINT installation_id_check CHECK (id = 1)
);

CREATE TABLE tenants (
    id uuid NOT NULL,
    slug text NOT NULL,
    name text NOT NULL,
    tier text DEFAULT 'free' NOT NULL,
    state text DEFAULT 'active' NOT NULL,
    settings jsonb DEFAULT '{}' NOT NULL,
    retention_days integer,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    UNIQUE (slug),
    CONSTRAINT tenants_state_check CHECK (state IN ('active', 'disabled')),
    CONSTRAINT tenants_retention_days_check CHECK (retention_days BETWEEN 1 AND 2555)
);

CREATE TABLE queues (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    policy text DEFAULT 'longest_idle' NOT NULL,
    priority integer DEFAULT 0 NOT NULL,
    skills text[] DEFAULT '{}' NOT NULL,
    conditions jsonb DEFAULT '{}' NOT NULL,
    hours jsonb,
    is_default boolean DEFAULT false NOT NULL,
    visibility text DEFAULT 'public' NOT NULL,
    max_wait_s integer,
    overflow_queue_id uuid,
    sla_s integer,
    offer_s integer DEFAULT '30' NOT NULL,
    wrap_up_s integer DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, overflow_queue_id) REFERENCES queues (tenant_id, id),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    CONSTRAINT queues_policy_check CHECK (
        policy IN ('longest_idle', 'least_loaded', 'round_robin', 'manual')
    ),
    CONSTRAINT queues_visibility_check CHECK (visibility IN ('public', 'internal')),
    CONSTRAINT queues_max_wait_s_check CHECK (max_wait_s > 0),
    CONSTRAINT queues_sla_s_check CHECK (sla_s > 0),
    CONSTRAINT queues_offer_s_check CHECK (offer_s > 0),
    CONSTRAINT queues_wrap_up_s_check CHECK (wrap_up_s >= 0),
    CONSTRAINT queues_overflow_queue_id_check CHECK (overflow_queue_id <> id)
);
CREATE UNIQUE INDEX queues_one_default_key ON queues (tenant_id) WHERE is_default;

CREATE TABLE inboxes (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    channel text DEFAULT 'web' NOT NULL,
    name text NOT NULL,
    public_key text NOT NULL,
    allowed_origins text[] DEFAULT '{}' NOT NULL,
    state text DEFAULT 'enabled' NOT NULL,
    queue_id uuid,
    settings jsonb DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES queues (tenant_id, id),
    UNIQUE (tenant_id, id),
    UNIQUE (public_key),
    CONSTRAINT inboxes_channel_check CHECK (
        channel IN ('web', 'email', 'sms', 'whatsapp', 'messenger')
    ),
    CONSTRAINT inboxes_state_check CHECK (state IN ('enabled', 'disabled'))
);

CREATE TABLE agents (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    email text NOT NULL,
    name text NOT NULL,
    role text DEFAULT 'agent' NOT NULL,
    languages text[] DEFAULT '{}' NOT NULL,
    skills text[] DEFAULT '{}' NOT NULL,
    capacity integer DEFAULT 5 NOT NULL,
    status text DEFAULT 'offline' NOT NULL,
    status_at timestamptz,
    idle_since timestamptz,
    password_hash text,
    token_epoch bigint DEFAULT 0 NOT NULL,
    disabled_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (tenant_id, id),
    CONSTRAINT agents_role_check CHECK (role IN ('admin', 'supervisor', 'agent')),
    CONSTRAINT agents_status_check CHECK (status IN ('online', 'away', 'busy', 'offline')),
    CONSTRAINT agents_capacity_check CHECK (capacity BETWEEN 0 AND 1000)
);
CREATE UNIQUE INDEX agents_email_key ON agents (lower(email));

CREATE TABLE teams (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name)
);

CREATE TABLE team_members (
    team_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    PRIMARY KEY (team_id, agent_id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX team_members_agent_id_idx ON team_members (agent_id);

CREATE TABLE queue_members (
    queue_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    last_offered_at timestamptz,
    PRIMARY KEY (queue_id, agent_id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES queues (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX queue_members_agent_idx ON queue_members (agent_id);

CREATE TABLE contacts (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text,
    email text,
    phone text,
    locale text,
    attributes jsonb DEFAULT '{}' NOT NULL,
    verified boolean DEFAULT false NOT NULL,
    last_seen_at timestamptz,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (tenant_id, id)
);
CREATE INDEX contacts_tenant_id_email_idx ON contacts (tenant_id, lower(email));

CREATE TABLE contact_identities (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    issuer text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (tenant_id, issuer, subject)
);
CREATE INDEX contact_identities_contact_id_idx ON contact_identities (contact_id);

CREATE TABLE canned_replies (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid,
    shortcut text NOT NULL,
    title text NOT NULL,
    body text NOT NULL,
    language text DEFAULT 'en' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id),
    UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, shortcut, language)
);

-- Any login may ask how far this database is.
GRANT SELECT ON alembic_version TO PUBLIC;

INSERT INTO installation (id, epoch) VALUES (1, replace(gen_random_uuid()::text, '-', ''));

-- Every table with a tenant_id passes through here once, in the migration that makes it.
-- After a transaction current_setting reads '' instead of NULL, hence nullif.
CREATE FUNCTION chorus_guard(guarded regclass) RETURNS void
LANGUAGE plpgsql SET search_path = '' AS $$
DECLARE
    own_tenant CONSTANT text :=
        'tenant_id = nullif(current_setting(''app.tenant_id'', true), '''')::uuid';
BEGIN
    EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', guarded);
    EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', guarded);
    EXECUTE format(
        'CREATE POLICY of_tenant ON %s TO chorus_app USING (%s) WITH CHECK (%s)',
        guarded, own_tenant, own_tenant
    );
    EXECUTE format(
        'CREATE POLICY of_system ON %s TO chorus_system USING (true) WITH CHECK (true)', guarded
    );
END
$$;
REVOKE EXECUTE ON FUNCTION chorus_guard FROM PUBLIC;

SELECT chorus_guard(name::regclass)
FROM unnest(ARRAY[
    'queues', 'inboxes', 'agents', 'teams', 'team_members', 'queue_members',
    'contacts', 'contact_identities', 'canned_replies'
]) AS name;

ALTER TABLE tenants ENABLE ROW LEVEL SECURITY;
ALTER TABLE tenants FORCE ROW LEVEL SECURITY;
CREATE POLICY of_tenant ON tenants TO chorus_app
    USING (id = nullif(current_setting('app.tenant_id', true), '')::uuid)
    WITH CHECK (id = nullif(current_setting('app.tenant_id', true), '')::uuid);
CREATE POLICY of_system ON tenants TO chorus_system USING (true) WITH CHECK (true);

GRANT SELECT ON installation, tenants TO chorus_app, chorus_system;
GRANT UPDATE (name, settings, retention_days) ON tenants TO chorus_app;
GRANT INSERT, UPDATE ON tenants TO chorus_system;
GRANT SELECT, INSERT, UPDATE ON inboxes, agents, contacts TO chorus_app;
GRANT SELECT, INSERT, UPDATE, DELETE
    ON queues, queue_members, teams, team_members, contact_identities, canned_replies
    TO chorus_app;
GRANT SELECT
    ON inboxes, agents, queues, queue_members, teams, team_members, canned_replies
    TO chorus_system;
GRANT UPDATE (status, status_at, idle_since) ON agents TO chorus_system;
GRANT UPDATE (last_offered_at) ON queue_members TO chorus_system;
GRANT SELECT, INSERT, UPDATE ON contacts TO chorus_system;
GRANT SELECT, INSERT ON contact_identities TO chorus_system;

-- Before anybody has said who they are no tenant is known. These functions find it, and
-- nothing else: what is then read about the agent or inbox is read as that tenant. Their
-- owner may see these columns only.
GRANT SELECT (id, slug) ON tenants TO chorus_lookup;
GRANT SELECT (id, tenant_id, public_key) ON inboxes TO chorus_lookup;
GRANT SELECT (id, tenant_id, email) ON agents TO chorus_lookup;
CREATE POLICY of_lookup ON tenants FOR SELECT TO chorus_lookup USING (true);
CREATE POLICY of_lookup ON inboxes FOR SELECT TO chorus_lookup USING (true);
CREATE POLICY of_lookup ON agents FOR SELECT TO chorus_lookup USING (true);

SET LOCAL ROLE chorus_lookup;
CREATE FUNCTION chorus_tenant(wanted_slug text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT id FROM public.tenants WHERE slug = wanted_slug
$$;
CREATE FUNCTION chorus_inbox(wanted_key text) RETURNS TABLE (tenant_id uuid, inbox_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT tenant_id, id FROM public.inboxes WHERE public_key = wanted_key
$$;
CREATE FUNCTION chorus_login(wanted_email text) RETURNS TABLE (tenant_id uuid, agent_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT tenant_id, id FROM public.agents WHERE lower(email) = lower(wanted_email)
$$;
REVOKE EXECUTE ON FUNCTION chorus_tenant, chorus_inbox, chorus_login FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chorus_tenant, chorus_inbox, chorus_login TO chorus_app, chorus_system;
SET LOCAL ROLE chorus_owner;
