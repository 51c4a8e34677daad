-- Files of which there is a graph. Each run that reads a file has the next number; one that has been overtaken may write
-- no more. `state` is `reading`, `whole` or `removing`. `tokens_spent` is what a model has taken since the file was last
-- whole.
CREATE TABLE graph_files (
  file_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  run INT UNSIGNED NOT NULL,
  state VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tokens_spent BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (file_id),
  KEY idx_graph_files_owner (owner_id, file_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
