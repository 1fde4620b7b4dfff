-- Locks: SHARE ROW EXCLUSIVE on tenants for a moment (new foreign keys).
-- What calls of models cost, a month and each: budgets hold across processes and restarts.

CREATE TABLE llm_months (
    tenant_id uuid NOT NULL,
    month date NOT NULL,
    micros bigint DEFAULT 0 NOT NULL,
    calls bigint DEFAULT 0 NOT NULL,
    PRIMARY KEY (tenant_id, month),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    CONSTRAINT llm_months_micros_check CHECK (micros >= 0)
) WITH (fillfactor = 80);

CREATE TABLE llm_usage (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    conversation_id uuid,
    purpose text NOT NULL,
    spec text NOT NULL,
    prompt text NOT NULL,
    plan text NOT NULL,
    task text NOT NULL,
    attempt integer DEFAULT 1 NOT NULL,
    month date NOT NULL,
    result text DEFAULT 'reserved' NOT NULL,
    tokens_in integer DEFAULT 0 NOT NULL,
    tokens_out integer DEFAULT 0 NOT NULL,
    micros bigint DEFAULT 0 NOT NULL,
    ms integer DEFAULT 0 NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    settled_at timestamptz,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (task, attempt),
    CONSTRAINT llm_usage_result_check CHECK (
        result IN ('reserved', 'answered', 'unfit', 'failed', 'refused', 'timeout', 'lost')
    )
);
CREATE INDEX llm_usage_tenant_id_at_idx ON llm_usage (tenant_id, at);

SELECT chorus_guard(name::regclass) FROM unnest(ARRAY['llm_months', 'llm_usage']) AS name;

GRANT SELECT ON llm_months, llm_usage TO chorus_app;
GRANT SELECT, INSERT ON llm_months, llm_usage TO chorus_system;
GRANT UPDATE (micros, calls) ON llm_months TO chorus_system;
GRANT UPDATE (result, tokens_in, tokens_out, micros, ms, settled_at) ON llm_usage TO chorus_system;
