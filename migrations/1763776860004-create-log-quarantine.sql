-- What was accepted and could not be stored: a line as JSON text, or the whole text of an entry that could not be
-- read, and why. An operator has it stored after all, or discards it with a reason.
CREATE TABLE log_quarantine (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  entry_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind ENUM('line', 'entry') CHARACTER SET ascii NOT NULL,
  line_count INT UNSIGNED NOT NULL,
  content LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  error VARCHAR(1000) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  discarded_at DATETIME(3) NULL,
  discard_reason VARCHAR(500) NULL,
  PRIMARY KEY (id),
  KEY idx_log_quarantine_discarded (discarded_at, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
