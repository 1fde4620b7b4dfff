-- Locks: ACCESS EXCLUSIVE on conversations for a moment; nothing is rewritten.
-- An agent puts a conversation back among the unread ones, until somebody reads on.

ALTER TABLE conversations ADD COLUMN marked_unread boolean NOT NULL DEFAULT false;
