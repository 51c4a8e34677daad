-- Files of users. Their bytes are in the storage, under the file's id; the row is there before the first of them and goes
-- after the last. `content_key` is the hash of a file that is there, so that one owner has the same content once; it is
-- NULL while a file comes in or goes. `due_at` is when a worker looks at the row next: at one that comes in, when its
-- process has not said for a while that it lives; at one that goes, when its removal is tried again. The four steps of the
-- processing have their states.
CREATE TABLE files (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  name VARCHAR(255) NOT NULL,
  media_type VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT '',
  size_bytes BIGINT NOT NULL DEFAULT 0,
  sha256 BINARY(32) NULL,
  content_key BINARY(32) NULL,
  chunking VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  vectorization VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  `storage` VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  kg_extraction VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL DEFAULT 'pending',
  message VARCHAR(500) NULL,
  job_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  attempts INT NOT NULL DEFAULT 0,
  due_at DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_files_content (owner_id, content_key),
  KEY idx_files_owner (owner_id, status, id),
  KEY idx_files_due (due_at, id),
  CONSTRAINT chk_files_size CHECK (size_bytes >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
