-- Chunks that have been read: by which extractor (`extractor`), of which text (`content_key`, the SHA-256 of both), and
-- the last run that met them. What the last run did not meet is no longer in the file.
CREATE TABLE graph_chunks (
  chunk_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  file_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  run INT UNSIGNED NOT NULL,
  content_key BINARY(32) NOT NULL,
  extractor VARCHAR(160) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (chunk_id),
  KEY idx_graph_chunks_file (file_id, run, chunk_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
