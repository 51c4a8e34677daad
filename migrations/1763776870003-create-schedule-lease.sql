-- Which worker looks after the schedules: one row. `epoch` grows with each holder, and what a holder writes is refused
-- when it has grown. While `drill_until` lies ahead, the holder takes Redis for lost.
CREATE TABLE schedule_lease (
  id TINYINT UNSIGNED NOT NULL,
  holder CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  process VARCHAR(100) NULL,
  epoch BIGINT UNSIGNED NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  mode VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  mode_since DATETIME(3) NOT NULL,
  drill_until DATETIME(3) NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO schedule_lease (id, epoch, expires_at, mode, mode_since)
VALUES (1, 0, '1970-01-01 00:00:00.000', 'redis', UTC_TIMESTAMP(3));
