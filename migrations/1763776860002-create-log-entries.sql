-- One row for each entry of the stream whose lines were stored, in the transaction that stored them: an entry that is
-- delivered again is known by it. The id is a UUID of version 7, which begins with its time, so the table is
-- partitioned by day like the lines.
CREATE TABLE log_entries (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  stored_lines INT UNSIGNED NOT NULL,
  quarantined_lines INT UNSIGNED NOT NULL,
  stored_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci
PARTITION BY RANGE COLUMNS (id) (
  PARTITION p_later VALUES LESS THAN (MAXVALUE)
);
