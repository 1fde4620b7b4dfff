-- Locks: ACCESS EXCLUSIVE on outbox and contacts for a moment, and SHARE while their small partial
-- indexes are built; nothing is rewritten.
-- Words are made by the conductor, from the outbox for messages and from `words IS NULL` for contacts.

CREATE TABLE message_search (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    tenant_id uuid NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    role text NOT NULL,
    visibility text NOT NULL,
    sender_id uuid,
    rev integer DEFAULT 0 NOT NULL,
    words tsvector NOT NULL,
    PRIMARY KEY (conversation_id, seq),
    CONSTRAINT message_search_seq_check CHECK (seq >= 1)
);
CREATE INDEX message_search_words_idx ON message_search USING gin (words);
CREATE INDEX message_search_at_idx ON message_search (tenant_id, at);
SELECT chorus_guard('message_search');

ALTER TABLE outbox ADD COLUMN searched_at timestamptz;
CREATE INDEX outbox_unsearched_idx ON outbox (id)
    WHERE searched_at IS NULL AND event IN ('message.created', 'message.changed');

ALTER TABLE contacts ADD COLUMN words tsvector;
CREATE INDEX contacts_words_idx ON contacts USING gin (words);
CREATE INDEX contacts_wordless_idx ON contacts (id) WHERE words IS NULL;

GRANT SELECT ON message_search TO chorus_app;
GRANT SELECT, INSERT, UPDATE, DELETE ON message_search TO chorus_system;

-- `@@` is not leakproof, so that under row-level security it may not choose rows by an index. These
-- functions look for words as a role that sees all tenants, and keep to the one that is set.
GRANT SELECT ON message_search TO chorus_lookup;
GRANT SELECT (id, tenant_id, contact_id, inbox_id, status, assignee_id, tags)
    ON conversations TO chorus_lookup;
GRANT SELECT (id, tenant_id, words, last_seen_at, created_at) ON contacts TO chorus_lookup;
CREATE POLICY of_lookup ON message_search FOR SELECT TO chorus_lookup USING (true);
CREATE POLICY of_lookup ON conversations FOR SELECT TO chorus_lookup USING (true);
CREATE POLICY of_lookup ON contacts FOR SELECT TO chorus_lookup USING (true);

SET LOCAL ROLE chorus_lookup;
CREATE FUNCTION chorus_find_messages(
    wanted tsquery, filters jsonb, before_at timestamptz, before_conversation uuid,
    before_seq bigint, most integer
) RETURNS TABLE (conversation_id uuid, seq bigint, at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    WITH hits AS MATERIALIZED (
        SELECT f.conversation_id, f.seq, f.at, f.tenant_id FROM public.message_search f
        WHERE f.words OPERATOR(pg_catalog.@@) wanted
            AND f.tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
            AND (filters->>'role' IS NULL OR f.role = filters->>'role')
            AND (filters->>'notes' IS NULL
                OR (f.visibility = 'agents') = (filters->>'notes')::boolean)
            AND (filters->>'sender' IS NULL OR f.sender_id = (filters->>'sender')::uuid)
            AND (filters->>'since' IS NULL OR f.at >= (filters->>'since')::timestamptz)
            AND (filters->>'until' IS NULL OR f.at < (filters->>'until')::timestamptz)
            AND (before_at IS NULL OR (f.at, f.conversation_id, f.seq)
                < (before_at, before_conversation, before_seq))
    )
    SELECT h.conversation_id, h.seq, h.at
    FROM hits h JOIN public.conversations c
        ON c.id = h.conversation_id AND c.tenant_id = h.tenant_id
    WHERE (filters->>'conversation' IS NULL OR c.id = (filters->>'conversation')::uuid)
        AND (filters->>'contact' IS NULL OR c.contact_id = (filters->>'contact')::uuid)
        AND (filters->>'inbox' IS NULL OR c.inbox_id = (filters->>'inbox')::uuid)
        AND (filters->>'status' IS NULL OR c.status = filters->>'status')
        AND (filters->>'assignee' IS NULL OR c.assignee_id = (filters->>'assignee')::uuid)
        AND (filters->>'tag' IS NULL OR c.tags @> ARRAY[filters->>'tag'])
    ORDER BY h.at DESC, h.conversation_id DESC, h.seq DESC LIMIT most
$$;
CREATE FUNCTION chorus_find_contacts(
    wanted tsquery, before_at timestamptz, before_id uuid, most integer
) RETURNS TABLE (contact_id uuid, at timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = '' AS $$
    WITH hits AS MATERIALIZED (
        SELECT k.id, coalesce(k.last_seen_at, k.created_at) AS at FROM public.contacts k
        WHERE k.words OPERATOR(pg_catalog.@@) wanted
            AND k.tenant_id = nullif(current_setting('app.tenant_id', true), '')::uuid
    )
    SELECT h.id, h.at FROM hits h
    WHERE before_at IS NULL OR (h.at, h.id) < (before_at, before_id)
    ORDER BY h.at DESC, h.id DESC LIMIT most
$$;
REVOKE EXECUTE ON FUNCTION chorus_find_messages, chorus_find_contacts FROM PUBLIC;
GRANT EXECUTE ON FUNCTION chorus_find_messages, chorus_find_contacts TO chorus_app;
SET LOCAL ROLE chorus_owner;

-- What was said before this revision. The owner sees no rows of its guarded tables.
SET LOCAL ROLE chorus_system;
INSERT INTO jobs (id, tenant_id, kind, key)
SELECT gen_random_uuid(), id, 'search_backfill', '0013' FROM tenants;
SET LOCAL ROLE chorus_owner;
