-- Which chunks say that a relation is.
CREATE TABLE graph_statements (
  chunk_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  relation_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  PRIMARY KEY (chunk_id, relation_id),
  KEY idx_graph_statements_relation (relation_id, chunk_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
