-- Turns that wait in the database rather than in Redis: those accepted or finished while Redis was away, and those of
-- parked conversations. `turn` is the turn as JSON, `answer` what has been answered so far, a piece a line. A running
-- one's conversation stands in `running_conversation_id` too, which refuses a second at the same time. They are saved in
-- the order of their starts, and those of one millisecond in the order in which they came here.
CREATE TABLE waiting_turns (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  running_conversation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  shard SMALLINT UNSIGNED NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii NOT NULL,
  started_at DATETIME(3) NOT NULL,
  leased_until DATETIME(3) NULL,
  is_stopping TINYINT(1) NOT NULL DEFAULT 0,
  is_claimed TINYINT(1) NOT NULL DEFAULT 0,
  piece_count INT UNSIGNED NOT NULL DEFAULT 0,
  request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  turn LONGTEXT NULL,
  answer LONGTEXT NULL,
  skip_reason VARCHAR(500) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_waiting_turns_position (position),
  UNIQUE KEY idx_waiting_turns_running (running_conversation_id),
  KEY idx_waiting_turns_conversation (conversation_id, started_at, position),
  KEY idx_waiting_turns_shard (shard, state),
  KEY idx_waiting_turns_lease (state, leased_until),
  KEY idx_waiting_turns_request (owner_id, request_hash)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
