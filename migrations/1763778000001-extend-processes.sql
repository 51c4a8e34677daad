-- What a process tells of itself besides that it lives. Empty in the rows of processes of an older version.
ALTER TABLE processes
  ADD COLUMN name VARCHAR(64) CHARACTER SET ascii NOT NULL DEFAULT '' AFTER id,
  ADD COLUMN activity JSON NULL,
  ADD COLUMN last_progress_at DATETIME(3) NULL,
  ADD COLUMN event_loop_lag_ms INT UNSIGNED NULL,
  ADD COLUMN rss_bytes BIGINT UNSIGNED NULL,
  ADD COLUMN is_connected_to_redis TINYINT(1) NULL;
