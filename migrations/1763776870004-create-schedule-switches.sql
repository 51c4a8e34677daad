-- When the schedules changed hands (`lease`) or the way they are driven (`mode`), and why.
CREATE TABLE schedule_switches (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  at DATETIME(3) NOT NULL,
  kind VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  to_mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(255) NOT NULL,
  process VARCHAR(100) NOT NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY idx_schedule_switches_at (at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
