-- Locks: ACCESS EXCLUSIVE on llm_months for a moment; nothing is rewritten.
-- The operator's plan is a file that the chat API does not read: what it allowed stands beside what was spent.

ALTER TABLE llm_months ADD COLUMN budget_micros bigint;

GRANT UPDATE (budget_micros) ON llm_months TO chorus_system;
