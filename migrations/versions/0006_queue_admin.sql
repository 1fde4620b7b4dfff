-- Locks: ACCESS EXCLUSIVE on queues and teams, which are small; nothing is rewritten.
-- A deleted queue or team stays for what happened in it, and frees its name. Teams see queues.

ALTER TABLE queues
    ADD COLUMN relaxations jsonb,
    ADD COLUMN archived_at timestamptz,
    ADD CONSTRAINT queues_archived_at_check CHECK (archived_at IS NULL OR NOT is_default),
    DROP CONSTRAINT queues_tenant_id_name_key;
CREATE UNIQUE INDEX queues_name_key ON queues (tenant_id, name) WHERE archived_at IS NULL;

ALTER TABLE teams
    ADD COLUMN archived_at timestamptz,
    DROP CONSTRAINT teams_tenant_id_name_key;
CREATE UNIQUE INDEX teams_name_key ON teams (tenant_id, name) WHERE archived_at IS NULL;

CREATE TABLE queue_teams (
    queue_id uuid NOT NULL,
    team_id uuid NOT NULL,
    tenant_id uuid NOT NULL,
    PRIMARY KEY (queue_id, team_id),
    FOREIGN KEY (tenant_id, queue_id) REFERENCES queues (tenant_id, id) ON DELETE CASCADE,
    FOREIGN KEY (tenant_id, team_id) REFERENCES teams (tenant_id, id) ON DELETE CASCADE
);
CREATE INDEX queue_teams_team_idx ON queue_teams (team_id);

SELECT chorus_guard('queue_teams');

GRANT SELECT, INSERT, DELETE ON queue_teams TO chorus_app;
GRANT SELECT ON queue_teams TO chorus_system;
