-- What each worker process saves just now. A row that was not renewed lately is of a process that is gone.
CREATE TABLE save_workers (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  host VARCHAR(255) NOT NULL,
  pid INT UNSIGNED NOT NULL,
  shards_at_once TINYINT UNSIGNED NOT NULL,
  active_shards VARCHAR(255) CHARACTER SET ascii NOT NULL,
  seen_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
