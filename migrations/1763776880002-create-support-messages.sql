-- What was said in support chats. `sequence` has no gaps in a chat. A sender's `client_message_id` is stored once in a
-- chat, so that a message that is sent again is not said again. `event` is what a message of the system is about.
-- `content` is NULL once its text has been erased.
CREATE TABLE support_messages (
  chat_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sequence INT UNSIGNED NOT NULL,
  sender VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sender_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  client_message_id VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  event VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  content TEXT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (chat_id, sequence),
  UNIQUE KEY idx_support_messages_client (chat_id, sender_id, client_message_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
