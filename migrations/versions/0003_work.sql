-- Locks: SHARE ROW EXCLUSIVE on tenants (new foreign keys).
-- The outbox, jobs, ingest partitions, answers to commands; tokens, keys and the audit log.

CREATE TABLE outbox (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    issuer text NOT NULL,
    event text NOT NULL,
    data jsonb DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    sent_at timestamptz,
    PRIMARY KEY (id)
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX outbox_sent_idx ON outbox (sent_at) WHERE sent_at IS NOT NULL;
CREATE INDEX outbox_unsent_idx ON outbox (id) WHERE sent_at IS NULL;

CREATE TABLE jobs (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    key text NOT NULL,
    payload jsonb DEFAULT '{}' NOT NULL,
    state text DEFAULT 'pending' NOT NULL,
    due_at timestamptz DEFAULT now() NOT NULL,
    lease_until timestamptz,
    fence bigint DEFAULT 0 NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    last_error text,
    created_at timestamptz DEFAULT now() NOT NULL,
    finished_at timestamptz,
    PRIMARY KEY (id),
    UNIQUE (tenant_id, kind, key),
    CONSTRAINT jobs_state_check CHECK (
        state IN ('pending', 'running', 'done', 'dead', 'cancelled')
    ),
    CONSTRAINT jobs_lease_until_check CHECK ((state = 'running') = (lease_until IS NOT NULL))
) WITH (fillfactor = 80, autovacuum_vacuum_scale_factor = 0.02);
CREATE INDEX jobs_due_idx ON jobs (due_at) WHERE state = 'pending';
CREATE INDEX jobs_finished_idx ON jobs (finished_at) WHERE finished_at IS NOT NULL;
CREATE INDEX jobs_lease_idx ON jobs (lease_until) WHERE state = 'running';

CREATE TABLE ingest_partitions (
    part integer NOT NULL,
    owner text,
    fence bigint DEFAULT 0 NOT NULL,
    lease_until timestamptz,
    PRIMARY KEY (part),
    CONSTRAINT ingest_partitions_owner_check CHECK ((owner IS NULL) = (lease_until IS NULL))
) WITH (fillfactor = 50);

CREATE TABLE command_results (
    tenant_id uuid NOT NULL,
    user_id uuid NOT NULL,
    command_id uuid NOT NULL,
    body_hash bytea NOT NULL,
    answer jsonb DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, user_id, command_id)
);
CREATE INDEX command_results_created_at_idx ON command_results (created_at);

CREATE TABLE refresh_tokens (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    family uuid NOT NULL,
    token_hash bytea NOT NULL,
    user_id uuid NOT NULL,
    audience text NOT NULL,
    conversation_id uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (token_hash),
    CONSTRAINT refresh_tokens_audience_check CHECK (
        audience IN ('chorus-visitor', 'chorus-agent', 'chorus-server')
    )
);
CREATE INDEX refresh_tokens_expires_at_idx ON refresh_tokens (expires_at);
CREATE INDEX refresh_tokens_family_idx ON refresh_tokens (family);
CREATE INDEX refresh_tokens_user_id_idx ON refresh_tokens (user_id);

CREATE TABLE revocations (
    seq bigint GENERATED ALWAYS AS IDENTITY,
    tenant_id uuid NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (seq),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT revocations_kind_check CHECK (kind IN ('token', 'family', 'user', 'tenant'))
);
CREATE INDEX revocations_expires_at_idx ON revocations (expires_at);

CREATE TABLE api_keys (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    secret_hash bytea NOT NULL,
    scopes text[] DEFAULT '{}' NOT NULL,
    created_by uuid,
    created_at timestamptz DEFAULT now() NOT NULL,
    last_used_at timestamptz,
    expires_at timestamptz,
    revoked_at timestamptz,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (secret_hash)
);

CREATE TABLE audit_log (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    actor_id uuid,
    actor_role text NOT NULL,
    action text NOT NULL,
    subject text NOT NULL,
    detail jsonb DEFAULT '{}' NOT NULL,
    address text,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);
CREATE INDEX audit_log_tenant_id_at_idx ON audit_log (tenant_id, at);

INSERT INTO ingest_partitions (part) SELECT generate_series(0, 15);

SELECT chorus_guard(name::regclass)
FROM unnest(ARRAY[
    'outbox', 'jobs', 'command_results', 'refresh_tokens', 'revocations', 'api_keys', 'audit_log'
]) AS name;

GRANT SELECT, INSERT, UPDATE ON ingest_partitions TO chorus_system;
GRANT SELECT, INSERT ON outbox, command_results, revocations, audit_log TO chorus_app;
GRANT SELECT, INSERT, UPDATE ON jobs TO chorus_app;
GRANT UPDATE (answer) ON command_results TO chorus_app;
GRANT SELECT, INSERT ON refresh_tokens, api_keys TO chorus_app;
GRANT UPDATE (used_at, revoked_at) ON refresh_tokens TO chorus_app;
GRANT UPDATE (name, last_used_at, revoked_at) ON api_keys TO chorus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON outbox, jobs TO chorus_system;
GRANT SELECT, INSERT, DELETE ON command_results, revocations TO chorus_system;
GRANT SELECT, DELETE ON refresh_tokens TO chorus_system;
GRANT UPDATE (used_at, revoked_at) ON refresh_tokens TO chorus_system;
GRANT SELECT ON api_keys TO chorus_system;
GRANT SELECT, INSERT ON audit_log TO chorus_system;

GRANT SELECT (tenant_id, token_hash) ON refresh_tokens TO chorus_lookup;
GRANT SELECT (id, tenant_id, secret_hash) ON api_keys TO chorus_lookup;
CREATE POLICY of_lookup ON refresh_tokens FOR SELECT TO chorus_lookup USING (true);
CREATE POLICY of_lookup ON api_keys FOR SELECT TO chorus_lookup USING (true);

SET LOCAL ROLE chorus_lookup;
CREATE FUNCTION chorus_refresh(wanted_hash bytea) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT tenant_id FROM public.refresh_tokens WHERE token_hash = wanted_hash
$$;
CREATE FUNCTION chorus_api_key(wanted_hash bytea) RETURNS TABLE (tenant_id uuid, api_key_id uuid)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    SELECT tenant_id, id FROM public.api_keys WHERE secret_hash = wanted_hash
$$;
REVOKE EXECUTE ON FUNCTION chorus_refresh, chorus_api_key FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chorus_refresh, chorus_api_key TO chorus_app, chorus_system;
SET LOCAL ROLE chorus_owner;
