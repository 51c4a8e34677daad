-- The messages of a conversation, numbered without gaps by `sequence`. `extra` is JSON that is only ever read whole. It
-- is kept as text: the servers' own JSON types refuse some that callers may send, such as deeply nested values.
CREATE TABLE conversation_messages (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  turn_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sequence INT UNSIGNED NOT NULL,
  role VARCHAR(16) CHARACTER SET ascii NOT NULL,
  content MEDIUMTEXT NOT NULL,
  extra LONGTEXT NULL,
  status VARCHAR(16) CHARACTER SET ascii NOT NULL,
  tokens INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_conv_msg_conv_seq (conversation_id, sequence DESC),
  KEY idx_conv_messages_covering (conversation_id, sequence, role, content(100)),
  KEY idx_conv_messages_turn (turn_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
