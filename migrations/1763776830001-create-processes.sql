-- One row for each running process, which it renews every few seconds and removes when it stops in order.
-- What has not been renewed lately is dead, whatever its row says.
CREATE TABLE processes (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  role VARCHAR(16) CHARACTER SET ascii NOT NULL,
  host VARCHAR(255) NOT NULL,
  pid INT UNSIGNED NOT NULL,
  version VARCHAR(64) CHARACTER SET ascii NOT NULL,
  queues JSON NOT NULL,
  started_at DATETIME(3) NOT NULL,
  heartbeat_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY idx_processes_heartbeat (heartbeat_at, role)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
