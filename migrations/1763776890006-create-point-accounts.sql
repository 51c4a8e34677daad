-- The points of a user. The balance is the sum of the entries and of what remains of the open lots. This row is the
-- lock under which all points of the user change; `last_sequence` numbers the entries.
CREATE TABLE point_accounts (
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  balance BIGINT NOT NULL,
  last_sequence BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (user_id),
  CONSTRAINT chk_point_accounts CHECK (balance >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
