-- What files of an owner name: one row for each name and type, whatever files name it. The id is derived from owner, type
-- and name. `mention_count` counts the rows of graph_mentions; at 0 the entity goes. `name` is the commonest way to
-- write it.
CREATE TABLE graph_entities (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  normalised_name VARCHAR(120) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  name VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  mention_count INT UNSIGNED NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_graph_entities_name (owner_id, normalised_name, type),
  KEY idx_graph_entities_type (owner_id, type, normalised_name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
