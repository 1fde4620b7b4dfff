-- Locks: ACCESS EXCLUSIVE on summaries, which is small; SHARE ROW EXCLUSIVE on agents (new foreign key).
-- Summaries that people write, what the extractor goes on from, and deleting what quotes the deleted.

ALTER TABLE summaries
    ADD COLUMN edits bigint DEFAULT 0 NOT NULL,
    ADD COLUMN state jsonb,
    ADD COLUMN author_id uuid,
    ADD FOREIGN KEY (tenant_id, author_id) REFERENCES agents (tenant_id, id),
    DROP CONSTRAINT summaries_source_check,
    ADD CONSTRAINT summaries_source_check CHECK (source IN ('model', 'extractive', 'human'));

GRANT DELETE, UPDATE (state) ON summaries TO chorus_app, chorus_system;
