-- The branch whose path is the conversation as it is read, and goes on, by default.
ALTER TABLE conversations ADD COLUMN active_branch INT UNSIGNED NOT NULL DEFAULT 0 AFTER last_sequence;
