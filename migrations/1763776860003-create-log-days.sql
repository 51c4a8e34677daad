-- The sums of the log's books, which outlive the lines and entries they count. Kept by the transactions that store:
-- each writer has one of a few slots, so that writers do not wait for each other's row.
-- stored_lines and dropped_lines are of the lines' own day, entries, entry_lines, dropped_entry_lines and
-- quarantined_lines of the day on which the entry was accepted. A slot alone may be negative.
CREATE TABLE log_days (
  day DATE NOT NULL,
  slot TINYINT UNSIGNED NOT NULL,
  stored_lines BIGINT NOT NULL DEFAULT 0,
  dropped_lines BIGINT NOT NULL DEFAULT 0,
  entries BIGINT NOT NULL DEFAULT 0,
  entry_lines BIGINT NOT NULL DEFAULT 0,
  dropped_entry_lines BIGINT NOT NULL DEFAULT 0,
  quarantined_lines BIGINT NOT NULL DEFAULT 0,
  discarded_lines BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (day, slot)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
