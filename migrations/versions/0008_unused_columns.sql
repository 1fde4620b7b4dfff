-- Locks: ACCESS EXCLUSIVE on live_chat_sessions for a moment; nothing is rewritten.
-- An Idempotency-Key is a command's id: command_results holds it with the hash of what was asked.

DROP INDEX live_chat_sessions_idempotency_key;
ALTER TABLE live_chat_sessions DROP COLUMN idempotency_key, DROP COLUMN request_hash;
