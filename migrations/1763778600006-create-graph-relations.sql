-- What entities of an owner have to do with each other. The id is derived from both entities and the label, which is
-- empty if they are only named in one sentence. `statement_count` counts the chunks that say so; at 0 the relation goes.
CREATE TABLE graph_relations (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  from_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  to_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  label VARCHAR(64) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  statement_count INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  KEY idx_graph_relations_from (from_id, statement_count, id),
  KEY idx_graph_relations_to (to_id, statement_count, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
