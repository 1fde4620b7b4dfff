-- Locks: SHARE ROW EXCLUSIVE on tenants for a moment (new foreign key); all else is new.
-- Sources as they were brought, and the chunks that are found. Vectors are derived and not here.

CREATE TABLE knowledge_sources (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    kind text DEFAULT 'markdown' NOT NULL,
    trust text DEFAULT 'editor' NOT NULL,
    language text DEFAULT '' NOT NULL,
    content text NOT NULL,
    state text DEFAULT 'queued' NOT NULL,
    note text DEFAULT '' NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    chunks integer DEFAULT 0 NOT NULL,
    held_back integer DEFAULT 0 NOT NULL,
    indexed_as text DEFAULT '' NOT NULL,
    attempts integer DEFAULT 0 NOT NULL,
    due_at timestamptz DEFAULT now() NOT NULL,
    lease_until timestamptz,
    fence bigint DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    indexed_at timestamptz,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (tenant_id, id),
    CONSTRAINT knowledge_sources_kind_check CHECK (kind IN ('qa', 'markdown', 'text')),
    CONSTRAINT knowledge_sources_trust_check CHECK (trust IN ('editor', 'imported', 'web')),
    CONSTRAINT knowledge_sources_state_check
        CHECK (state IN ('queued', 'indexing', 'ready', 'failed', 'deleted')),
    CONSTRAINT knowledge_sources_lease_until_check
        CHECK ((state = 'indexing') = (lease_until IS NOT NULL))
);
CREATE UNIQUE INDEX knowledge_sources_name_idx ON knowledge_sources (tenant_id, name)
    WHERE state <> 'deleted';
CREATE INDEX knowledge_sources_due_idx ON knowledge_sources (due_at)
    WHERE state IN ('queued', 'indexing', 'deleted');
SELECT chorus_guard('knowledge_sources');

CREATE TABLE kb_chunks (
    source_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    version integer NOT NULL,
    place integer NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    held_back text DEFAULT '' NOT NULL,
    terms text[] DEFAULT '{}' NOT NULL,
    PRIMARY KEY (source_id, version, place),
    FOREIGN KEY (tenant_id, source_id) REFERENCES knowledge_sources (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX kb_chunks_terms_idx ON kb_chunks USING gin (terms);
CREATE INDEX kb_chunks_tenant_idx ON kb_chunks (tenant_id, source_id);
SELECT chorus_guard('kb_chunks');

GRANT SELECT, INSERT ON knowledge_sources TO chorus_app;
GRANT UPDATE (
    name, kind, trust, language, content, state, note, version, attempts, due_at, lease_until, fence,
    updated_at
) ON knowledge_sources TO chorus_app;
GRANT SELECT, DELETE ON kb_chunks TO chorus_app;
GRANT SELECT, UPDATE, DELETE ON knowledge_sources TO chorus_system;
GRANT SELECT, INSERT, DELETE ON kb_chunks TO chorus_system;
