-- One row for each saved turn. Its primary key is what refuses to save a turn twice.
CREATE TABLE turns (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii NOT NULL,
  model VARCHAR(128) NOT NULL,
  finish_reason VARCHAR(32) CHARACTER SET ascii NULL,
  prompt_tokens INT UNSIGNED NOT NULL,
  completion_tokens INT UNSIGNED NOT NULL,
  usage_source VARCHAR(16) CHARACTER SET ascii NOT NULL,
  cost_micro_coins BIGINT NOT NULL,
  error_code VARCHAR(64) CHARACTER SET ascii NULL,
  started_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NOT NULL,
  saved_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY idx_turns_conversation (conversation_id, id),
  KEY idx_turns_owner (owner_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
