-- A lane for each user and queue: how many of the user's tasks stand how, changed in the transaction that changes a
-- task's state. Of the lanes in which something waits, the one with the smallest `turn` comes next; then its turn is one
-- more than the queue's, so that many tasks of one user do not hold up another's.
CREATE TABLE task_lanes (
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  turn BIGINT NOT NULL DEFAULT 0,
  is_waiting TINYINT(1) NOT NULL DEFAULT 0,
  queued INT NOT NULL DEFAULT 0,
  admitted INT NOT NULL DEFAULT 0,
  started INT NOT NULL DEFAULT 0,
  scheduled INT NOT NULL DEFAULT 0,
  deferred INT NOT NULL DEFAULT 0,
  finished INT NOT NULL DEFAULT 0,
  failed INT NOT NULL DEFAULT 0,
  cancelled INT NOT NULL DEFAULT 0,
  PRIMARY KEY (owner_id, queue),
  KEY idx_task_lanes_turn (queue, is_waiting, turn, owner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
