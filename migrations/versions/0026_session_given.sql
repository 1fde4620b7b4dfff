-- Locks: ACCESS EXCLUSIVE on live_chat_sessions for a moment (a new column without a default).

ALTER TABLE live_chat_sessions ADD COLUMN given_at timestamptz;
