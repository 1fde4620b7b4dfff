-- Locks: ACCESS EXCLUSIVE on llm_months for a moment; nothing is rewritten.
-- A call is refused while something is left, yet less than it may cost: that is when a month is over.

ALTER TABLE llm_months ADD COLUMN refused_micros bigint;

GRANT UPDATE (refused_micros) ON llm_months TO chorus_system;
