-- Chats of users with customer service. `number` is the order of the queue. While a chat is not ended its user stands in
-- `open_user_id` too, which refuses a second one. `agent_id` is set while an agent has it, and stays at its end; an agent
-- who gave it back is not to get it again (`avoided_agent_id`). `batch_id` names the batch of a task that changed the row
-- last.
CREATE TABLE support_chats (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  number BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  open_user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  agent_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  avoided_agent_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  end_reason VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  opened_at DATETIME(3) NOT NULL,
  assigned_at DATETIME(3) NULL,
  last_activity_at DATETIME(3) NOT NULL,
  warned_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  last_sequence INT UNSIGNED NOT NULL DEFAULT 0,
  rating TINYINT UNSIGNED NULL,
  rating_comment VARCHAR(1000) NULL,
  texts_erased_at DATETIME(3) NULL,
  batch_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_support_chats_number (number),
  UNIQUE KEY idx_support_chats_open_user (open_user_id),
  KEY idx_support_chats_user (user_id, number),
  KEY idx_support_chats_agent (agent_id, state, number),
  KEY idx_support_chats_queue (state, number),
  KEY idx_support_chats_waiting (state, opened_at),
  KEY idx_support_chats_idle (state, warned_at, last_activity_at),
  KEY idx_support_chats_ended (state, ended_at),
  KEY idx_support_chats_texts (state, texts_erased_at, ended_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
