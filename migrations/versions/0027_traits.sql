-- Locks: ACCESS EXCLUSIVE on queues for a moment; nothing is rewritten.
-- What a customer's words say of a conversation. Apart from its row, which every message locks, and
-- without a foreign key, which would wait for that lock. Filled by the conductor as messages come.

CREATE TABLE conversation_traits (
    conversation_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    upto_seq bigint DEFAULT 0 NOT NULL,
    edits bigint DEFAULT 0 NOT NULL,
    reading jsonb DEFAULT '{}' NOT NULL,
    intent text DEFAULT 'other' NOT NULL,
    sentiment text DEFAULT 'neutral' NOT NULL,
    language text DEFAULT '' NOT NULL,
    tags text[] DEFAULT '{}' NOT NULL,
    settled text[] DEFAULT '{}' NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (conversation_id)
) WITH (fillfactor = 80);
CREATE INDEX conversation_traits_intent_idx ON conversation_traits (tenant_id, intent);
CREATE INDEX conversation_traits_sentiment_idx ON conversation_traits (tenant_id, sentiment);
SELECT chorus_guard('conversation_traits');

ALTER TABLE queues ADD COLUMN intent_skills jsonb DEFAULT '{}' NOT NULL;

GRANT SELECT, INSERT (conversation_id, tenant_id, settled), UPDATE (settled)
    ON conversation_traits TO chorus_app;
GRANT SELECT, INSERT, UPDATE ON conversation_traits TO chorus_system;
