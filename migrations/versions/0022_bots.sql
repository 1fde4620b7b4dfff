-- Locks: ACCESS EXCLUSIVE on inboxes for a moment; SHARE on conversations while its new index is
-- made of those a bot holds; nothing is rewritten.
-- Who answers before people do, and in which inboxes.

CREATE TABLE bots (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    name text NOT NULL,
    persona text DEFAULT '' NOT NULL,
    instructions text DEFAULT '' NOT NULL,
    mode text DEFAULT 'answer' NOT NULL,
    state text DEFAULT 'enabled' NOT NULL,
    settings jsonb DEFAULT '{}' NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id) REFERENCES tenants (id),
    UNIQUE (tenant_id, id),
    UNIQUE (tenant_id, name),
    CONSTRAINT bots_mode_check CHECK (mode IN ('answer', 'suggest')),
    CONSTRAINT bots_state_check CHECK (state IN ('enabled', 'disabled'))
);
SELECT chorus_guard('bots');

ALTER TABLE inboxes ADD COLUMN bot_id uuid,
    ADD FOREIGN KEY (tenant_id, bot_id) REFERENCES bots (tenant_id, id);

-- Who waits for a bot is looked for every few seconds, over all tenants.
CREATE INDEX conversations_bot_idx ON conversations (inbox_id)
    WHERE status = 'open' AND floor_holder = 'bot';

GRANT SELECT, INSERT, UPDATE ON bots TO chorus_app;
GRANT SELECT ON bots TO chorus_system;
