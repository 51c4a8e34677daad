-- The vectors of chunks as they were made (32-bit floats, little-endian): every index is made from these. An owner's
-- lie in the order in which they came, so that who follows reads on where he stopped.
CREATE TABLE knowledge_vectors (
  owner_no BIGINT UNSIGNED NOT NULL,
  version BIGINT UNSIGNED NOT NULL,
  chunk_no BIGINT UNSIGNED NOT NULL,
  file_no BIGINT UNSIGNED NOT NULL,
  embedder VARCHAR(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  vector BLOB NOT NULL,
  PRIMARY KEY (owner_no, version, chunk_no),
  UNIQUE KEY idx_knowledge_vectors_chunk (chunk_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
