-- Locks: SHARE ROW EXCLUSIVE on tenants and conversations for a moment (new foreign keys); all else is new.
-- What is known of files; their bytes stand beside the database.

CREATE TABLE attachments (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    uploader_id uuid NOT NULL,
    name text NOT NULL,
    mime text NOT NULL,
    size bigint NOT NULL,
    width integer,
    height integer,
    digest bytea NOT NULL,
    state text DEFAULT 'ready' NOT NULL,
    message_id uuid,
    seq bigint,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (tenant_id, id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id),
    CONSTRAINT attachments_state_check CHECK (state IN ('ready', 'sent', 'gone')),
    CONSTRAINT attachments_size_check CHECK (size > 0),
    CONSTRAINT attachments_message_id_check CHECK (state <> 'sent' OR message_id IS NOT NULL)
);
CREATE INDEX attachments_conversation_idx ON attachments (conversation_id, seq);
CREATE INDEX attachments_uploader_idx ON attachments (tenant_id, uploader_id, created_at);
CREATE INDEX attachments_size_idx ON attachments (tenant_id, size);
-- What the broom looks for, over all tenants.
CREATE INDEX attachments_unsent_idx ON attachments (created_at) WHERE state IN ('ready', 'gone');
SELECT chorus_guard('attachments');

GRANT SELECT, INSERT ON attachments TO chorus_app;
GRANT SELECT, DELETE ON attachments TO chorus_system;
GRANT UPDATE (state, message_id, seq) ON attachments TO chorus_app, chorus_system;
