-- Conversations whose oldest unsaved turn could not be saved. Their later turns wait behind it until an operator has it
-- tried again or skips it.
CREATE TABLE parked_conversations (
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  shard SMALLINT UNSIGNED NOT NULL,
  turn_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  error TEXT NOT NULL,
  parked_at DATETIME(3) NOT NULL,
  PRIMARY KEY (conversation_id),
  KEY idx_parked_conversations_time (parked_at, conversation_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
