-- A file as far as it can be searched. Its chunks come in generations: those of `generation` are found, those of others
-- are on their way in or out; `last_generation` is the newest that was begun, and only its chunks may be added. Vectors
-- of the file from before `base_version` (a version of the owner) are gone. A removed file's row stays a while, so that
-- nothing is added late and every process hears of it.
CREATE TABLE knowledge_files (
  file_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  file_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_no BIGINT UNSIGNED NOT NULL,
  generation INT UNSIGNED NOT NULL DEFAULT 0,
  last_generation INT UNSIGNED NOT NULL DEFAULT 0,
  chunk_count INT UNSIGNED NOT NULL DEFAULT 0,
  base_version BIGINT UNSIGNED NOT NULL DEFAULT 0,
  removed_at DATETIME(3) NULL,
  PRIMARY KEY (file_no),
  UNIQUE KEY idx_knowledge_files_file (file_id),
  KEY idx_knowledge_files_owner (owner_no, base_version),
  KEY idx_knowledge_files_removed (owner_no, removed_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
-- Which files are in which collections.
CREATE TABLE knowledge_memberships (
  collection_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  file_no BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (collection_id, file_no),
  KEY idx_knowledge_memberships_file (file_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
