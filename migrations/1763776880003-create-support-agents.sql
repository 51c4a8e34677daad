-- Who answers support chats: how many at once, and how many now. `active_chats` changes in the transaction that gives or
-- takes a chat. Who has not been seen for a while gets no new ones.
CREATE TABLE support_agents (
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_on_duty TINYINT(1) NOT NULL,
  capacity SMALLINT UNSIGNED NOT NULL,
  active_chats INT NOT NULL DEFAULT 0,
  seen_at DATETIME(3) NOT NULL,
  last_assigned_at DATETIME(3) NULL,
  PRIMARY KEY (user_id),
  KEY idx_support_agents_duty (is_on_duty, active_chats, last_assigned_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
