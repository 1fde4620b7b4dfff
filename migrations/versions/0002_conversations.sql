-- Locks: SHARE ROW EXCLUSIVE on inboxes, contacts, queues, agents, teams (new foreign keys).
-- Conversations and their messages, live-chat sessions, offers, decisions, summaries.

CREATE TABLE conversations (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    inbox_id uuid NOT NULL,
    contact_id uuid NOT NULL,
    status text DEFAULT 'open' NOT NULL,
    snoozed_until timestamptz,
    closed_at timestamptz,
    first_seq bigint DEFAULT 1 NOT NULL,
    last_seq bigint DEFAULT 0 NOT NULL,
    floor_holder text DEFAULT 'none' NOT NULL,
    floor_epoch bigint DEFAULT 0 NOT NULL,
    queue_id uuid,
    assignee_id uuid,
    team_id uuid,
    priority integer DEFAULT 0 NOT NULL,
    tags text[] DEFAULT '{}' NOT NULL,
    attributes jsonb DEFAULT '{}' NOT NULL,
    metadata jsonb DEFAULT '{}' NOT NULL,
    preview text DEFAULT '' NOT NULL,
    unread integer DEFAULT 0 NOT NULL,
    waiting_since timestamptz,
    last_ts timestamptz,
    csat_score integer,
    csat_comment text,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, inbox_id) REFERENCES inboxes (tenant_id, id),
    FOREIGN KEY (tenant_id, contact_id) REFERENCES contacts (tenant_id, id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES queues (tenant_id, id),
    FOREIGN KEY (tenant_id, assignee_id) REFERENCES agents (tenant_id, id),
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id),
    UNIQUE (tenant_id, id),
    CONSTRAINT conversations_status_check CHECK (status IN ('open', 'snoozed', 'closed')),
    CONSTRAINT conversations_floor_holder_check CHECK (floor_holder IN ('bot', 'human', 'none')),
    CONSTRAINT conversations_seq_check CHECK (first_seq >= 1 AND last_seq >= first_seq - 1),
    CONSTRAINT conversations_unread_check CHECK (unread >= 0),
    CONSTRAINT conversations_snoozed_check CHECK (
        (status = 'snoozed') = (snoozed_until IS NOT NULL)
    ),
    CONSTRAINT conversations_closed_check CHECK ((status = 'closed') = (closed_at IS NOT NULL)),
    CONSTRAINT conversations_csat_score_check CHECK (csat_score BETWEEN 1 AND 5)
) WITH (fillfactor = 70, autovacuum_vacuum_scale_factor = 0.05);
CREATE INDEX conversations_assignee_idx
    ON conversations (tenant_id, assignee_id, status, closed_at DESC)
    WHERE assignee_id IS NOT NULL;
CREATE INDEX conversations_closed_idx
    ON conversations (tenant_id, closed_at DESC, id DESC)
    WHERE status = 'closed';
CREATE INDEX conversations_contact_idx ON conversations (contact_id, id);
CREATE INDEX conversations_open_idx ON conversations (tenant_id, status) WHERE status <> 'closed';
CREATE INDEX conversations_queue_idx ON conversations (tenant_id, queue_id) WHERE status <> 'closed';

CREATE TABLE messages (
    conversation_id uuid NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    role text NOT NULL,
    sender_id uuid,
    message_type text DEFAULT 'text' NOT NULL,
    visibility text DEFAULT 'public' NOT NULL,
    content text DEFAULT '' NOT NULL,
    payload jsonb DEFAULT '{}' NOT NULL,
    body_hash bytea,
    created_at timestamptz DEFAULT now() NOT NULL,
    delivered_at timestamptz,
    read_at timestamptz,
    edited_at timestamptz,
    deleted_at timestamptz,
    PRIMARY KEY (conversation_id, seq),
    UNIQUE (conversation_id, id),
    CONSTRAINT messages_role_check CHECK (role IN ('customer', 'agent', 'bot', 'system')),
    CONSTRAINT messages_visibility_check CHECK (
        visibility IN ('public', 'agents', 'hidden', 'shadowed')
    ),
    CONSTRAINT messages_seq_check CHECK (seq >= 1)
) WITH (fillfactor = 90);

CREATE TABLE conversation_reads (
    conversation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    role text NOT NULL,
    delivered_seq bigint DEFAULT 0 NOT NULL,
    read_seq bigint DEFAULT 0 NOT NULL,
    updated_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (conversation_id, user_id),
    CONSTRAINT conversation_reads_role_check CHECK (role IN ('customer', 'agent')),
    CONSTRAINT conversation_reads_delivered_seq_check CHECK (delivered_seq >= read_seq)
) WITH (fillfactor = 70);

CREATE TABLE live_chat_sessions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    status text DEFAULT 'requested' NOT NULL,
    user_socket_id text,
    agent_socket_id text,
    agent_id uuid,
    leaving_agent_id uuid,
    queue_id uuid,
    reason text,
    source text DEFAULT 'widget' NOT NULL,
    requested_by uuid,
    priority integer DEFAULT 0 NOT NULL,
    skills text[] DEFAULT '{}' NOT NULL,
    excluded_agent_ids uuid[] DEFAULT '{}' NOT NULL,
    options jsonb,
    idempotency_key text,
    request_hash bytea,
    sla_due_at timestamptz,
    requested_at timestamptz DEFAULT now() NOT NULL,
    queued_at timestamptz,
    offered_at timestamptz,
    accepted_at timestamptz,
    started_at timestamptz,
    wrap_up_until timestamptz,
    ended_at timestamptz,
    end_reason text,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id),
    FOREIGN KEY (tenant_id, leaving_agent_id) REFERENCES agents (tenant_id, id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES queues (tenant_id, id),
    UNIQUE (tenant_id, id),
    CONSTRAINT live_chat_sessions_status_check CHECK (
        status IN ('requested', 'queued', 'offered', 'active', 'wrap_up', 'ended', 'deferred', 'cancelled', 'failed')
    ),
    CONSTRAINT live_chat_sessions_source_check CHECK (
        source IN ('widget', 'agent', 'bot', 'rule', 'api')
    ),
    CONSTRAINT live_chat_sessions_ended_at_check CHECK (
        (status IN ('ended', 'cancelled', 'failed')) = (ended_at IS NOT NULL)
    ),
    CONSTRAINT live_chat_sessions_agent_id_check CHECK (
        status NOT IN ('active', 'wrap_up') OR agent_id IS NOT NULL
    )
);
CREATE INDEX live_chat_sessions_conversation_idx
    ON live_chat_sessions (conversation_id, requested_at);
CREATE UNIQUE INDEX live_chat_sessions_idempotency_key
    ON live_chat_sessions (conversation_id, idempotency_key)
    WHERE idempotency_key IS NOT NULL;
CREATE INDEX live_chat_sessions_load_idx
    ON live_chat_sessions (tenant_id, agent_id)
    WHERE status IN ('active', 'wrap_up');
CREATE UNIQUE INDEX live_chat_sessions_one_open_key
    ON live_chat_sessions (conversation_id)
    WHERE status NOT IN ('ended', 'cancelled', 'failed');
CREATE INDEX live_chat_sessions_requested_idx ON live_chat_sessions (tenant_id, requested_at);
CREATE INDEX live_chat_sessions_waiting_idx
    ON live_chat_sessions (tenant_id, queue_id, priority DESC, requested_at)
    WHERE status IN ('requested', 'queued', 'offered');

CREATE TABLE session_offers (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    agent_id uuid NOT NULL,
    state text DEFAULT 'open' NOT NULL,
    offered_at timestamptz DEFAULT now() NOT NULL,
    deadline_at timestamptz NOT NULL,
    settled_at timestamptz,
    reason text,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES live_chat_sessions (tenant_id, id),
    FOREIGN KEY (tenant_id, agent_id) REFERENCES agents (tenant_id, id),
    CONSTRAINT session_offers_state_check CHECK (
        state IN ('open', 'accepted', 'declined', 'expired', 'rescinded')
    ),
    CONSTRAINT session_offers_settled_at_check CHECK ((state = 'open') = (settled_at IS NULL))
);
CREATE INDEX session_offers_agent_idx ON session_offers (tenant_id, agent_id) WHERE state = 'open';
CREATE UNIQUE INDEX session_offers_one_open_key ON session_offers (session_id) WHERE state = 'open';
CREATE INDEX session_offers_session_idx ON session_offers (session_id);

CREATE TABLE routing_decisions (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    session_id uuid NOT NULL,
    at timestamptz DEFAULT now() NOT NULL,
    candidates jsonb DEFAULT '{}' NOT NULL,
    chosen uuid,
    why text DEFAULT '' NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, session_id) REFERENCES live_chat_sessions (tenant_id, id)
);
CREATE INDEX routing_decisions_session_idx ON routing_decisions (session_id, at);

CREATE TABLE summaries (
    id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    conversation_id uuid NOT NULL,
    upto_seq bigint NOT NULL,
    source text DEFAULT 'extractive' NOT NULL,
    model text NOT NULL,
    tier text DEFAULT 'free' NOT NULL,
    body jsonb DEFAULT '{}' NOT NULL,
    text text NOT NULL,
    tokens integer DEFAULT 0 NOT NULL,
    cost numeric(18, 9) DEFAULT 0 NOT NULL,
    ms integer DEFAULT 0 NOT NULL,
    created_at timestamptz DEFAULT now() NOT NULL,
    PRIMARY KEY (id),
    FOREIGN KEY (tenant_id, conversation_id) REFERENCES conversations (tenant_id, id),
    CONSTRAINT summaries_source_check CHECK (source IN ('model', 'extractive')),
    CONSTRAINT summaries_upto_seq_check CHECK (upto_seq >= 1)
);
CREATE INDEX summaries_conversation_idx ON summaries (conversation_id, upto_seq);

SELECT chorus_guard(name::regclass)
FROM unnest(ARRAY[
    'conversations', 'messages', 'conversation_reads', 'live_chat_sessions', 'session_offers',
    'routing_decisions', 'summaries'
]) AS name;

GRANT SELECT, INSERT, UPDATE
    ON conversations, messages, conversation_reads, live_chat_sessions, session_offers
    TO chorus_app, chorus_system;
GRANT SELECT, INSERT ON routing_decisions, summaries TO chorus_app, chorus_system;
