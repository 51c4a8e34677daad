-- Which worker looks for messages that are not indexed: one row, one worker at a time.
CREATE TABLE search_catch_ups (
  id TINYINT UNSIGNED NOT NULL,
  claimed_until DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
INSERT INTO search_catch_ups (id, claimed_until) VALUES (1, '1970-01-01 00:00:00.000');
