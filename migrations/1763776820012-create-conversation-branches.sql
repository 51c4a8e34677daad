-- The branches of a conversation besides branch 0. A branch shares with its parent the messages of the parent's path
-- up to and with `fork_sequence`; 0 means none. Rows are written once, by the save, and never changed.
CREATE TABLE conversation_branches (
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  branch INT UNSIGNED NOT NULL,
  parent_branch INT UNSIGNED NOT NULL,
  fork_sequence INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id, branch)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
