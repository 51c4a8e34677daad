-- A conversation belongs to one user. The counters are kept by the save, in its transaction.
CREATE TABLE conversations (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  title VARCHAR(200) NOT NULL,
  message_count INT UNSIGNED NOT NULL DEFAULT 0,
  total_tokens BIGINT UNSIGNED NOT NULL DEFAULT 0,
  last_sequence INT UNSIGNED NOT NULL DEFAULT 0,
  created_at DATETIME(3) NOT NULL,
  last_activity_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY idx_conversations_owner_activity (owner_id, last_activity_at DESC, id DESC),
  KEY idx_conv_tokens_count (total_tokens, message_count)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
