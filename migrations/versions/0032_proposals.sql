-- Locks: SHARE ROW EXCLUSIVE on conversations and agents for a moment (new foreign keys).
-- Replies that were proposed to agents, and what became of them. Never their words: digests.

CREATE TABLE proposals (
    conversation_id uuid NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    source text NOT NULL,
    digests text[] DEFAULT '{}' NOT NULL,
    upto_seq bigint NOT NULL,
    shown_at timestamptz DEFAULT now() NOT NULL,
    outcome text,
    message_id uuid,
    PRIMARY KEY (conversation_id, id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id)
        ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id) ON DELETE CASCADE,
    CONSTRAINT proposals_source_check CHECK (source IN ('asked', 'suggested')),
    CONSTRAINT proposals_outcome_check CHECK (outcome IN ('as_is', 'changed', 'replaced'))
);
CREATE INDEX proposals_shown_idx ON proposals (tenant_id, shown_at);
SELECT chorus_guard('proposals');

GRANT SELECT, INSERT, UPDATE (outcome, message_id) ON proposals TO chorus_app;
GRANT SELECT ON proposals TO chorus_system;
