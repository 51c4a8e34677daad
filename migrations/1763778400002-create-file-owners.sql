-- How many files a user has, and of how many bytes: what comes in and what goes is not counted. The row is also the lock
-- under which a user's files come to be counted and cease to.
CREATE TABLE file_owners (
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  file_count INT NOT NULL DEFAULT 0,
  byte_count BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (owner_id),
  CONSTRAINT chk_file_owners_counts CHECK (file_count >= 0 AND byte_count >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
