-- Locks: SHARE on messages while their few mentions are indexed: writers wait for one reading of the
-- table. SHARE ROW EXCLUSIVE on conversations, agents and tenants for a moment (new foreign keys).
-- What agents keep at hand: drafts, macros, labels, views of the inbox.

CREATE TABLE drafts (
    conversation_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    mode text NOT NULL,
    tenant_id uuid NOT NULL,
    content text NOT NULL,
    details jsonb DEFAULT '{}' NOT NULL,
    seq bigint DEFAULT 0 NOT NULL,
    version bigint DEFAULT 1 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (conversation_id, agent_id, mode),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
        ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT drafts_mode_check CHECK (mode IN ('reply', 'note')),
    CONSTRAINT drafts_version_check CHECK (version >= 1)
);

CREATE TABLE macros (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid,
    name text NOT NULL,
    actions jsonb,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    UNIQUE NULLS NOT DISTINCT (tenant_id, agent_id, name)
);

CREATE TABLE labels (
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    color text DEFAULT 'grey' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, name),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id)
);

CREATE TABLE saved_views (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    name text NOT NULL,
    shared boolean DEFAULT false NOT NULL,
    filter jsonb DEFAULT '{}' NOT NULL,
    sort text DEFAULT 'latest' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    UNIQUE (tenant_id, agent_id, name)
);

CREATE INDEX messages_mentions_idx ON messages (tenant_id, conversation_id)
    WHERE payload ? 'mentions';

SELECT chorus_guard(name::regclass)
FROM unnest(ARRAY['drafts', 'macros', 'labels', 'saved_views']) AS name;

GRANT SELECT, INSERT, UPDATE, DELETE ON drafts, macros, labels, saved_views TO chorus_app;
GRANT SELECT, DELETE ON drafts TO chorus_system;
