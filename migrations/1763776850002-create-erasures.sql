-- What is to be erased: one row for each erased conversation or user, written in the transaction that makes it
-- unreachable. A worker takes the rows that are due until `finished_at` says that nothing is left.
CREATE TABLE erasures (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  subject_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  requested_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  requested_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NOT NULL,
  attempts INT UNSIGNED NOT NULL DEFAULT 0,
  finished_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_erasures_subject (kind, subject_id),
  KEY idx_erasures_due (finished_at, due_at),
  KEY idx_erasures_owner (owner_id, kind, finished_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
