-- Log lines, in a partition for each day of their own time (UTC). Partitions are made ahead and dropped by age by
-- the workers; what is older than all of them goes to the oldest, what is later to p_later. A partitioned
-- table wants its partition key in every unique key. log_data is JSON, kept as the text it is.
CREATE TABLE logs (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  device_id VARCHAR(50) COLLATE utf8mb4_bin NOT NULL,
  log_level ENUM('DEBUG', 'INFO', 'WARNING', 'ERROR', 'CRITICAL') CHARACTER SET ascii NOT NULL,
  message TEXT NOT NULL,
  log_data LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NULL,
  trace_id CHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  span_id CHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (id, created_at),
  KEY idx_logs_device_time (device_id, created_at DESC, id DESC),
  KEY idx_logs_level_time (log_level, created_at),
  KEY idx_logs_time (created_at),
  KEY idx_logs_trace (trace_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
PARTITION BY RANGE (TO_DAYS(created_at)) (
  PARTITION p_later VALUES LESS THAN MAXVALUE
);
