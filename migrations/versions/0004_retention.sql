-- Locks: none beyond the catalogue rows of `messages`.
-- Only the conductor deletes messages, and only from the old end (DESIGN §5).

GRANT DELETE ON messages TO chorus_system;
