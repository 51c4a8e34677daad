-- One row for each message that can be found. The rows of an owner lie together, in the order of time: `owner_key` is
-- the beginning of the SHA-256 of the owner's id, `message_no` begins with the time of the message. `terms` are the
-- terms of its postings, by which they are found again when it is erased. `embedder` says what made `vector` (signed
-- bytes); it is empty until there is one.
CREATE TABLE message_index (
  owner_key BIGINT UNSIGNED NOT NULL,
  message_no BIGINT UNSIGNED NOT NULL,
  message_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  terms BLOB NOT NULL,
  embedder VARCHAR(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  vector BLOB NULL,
  PRIMARY KEY (owner_key, message_no),
  UNIQUE KEY idx_message_index_message (message_id),
  KEY idx_message_index_conversation (conversation_id),
  KEY idx_message_index_embedder (embedder)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
