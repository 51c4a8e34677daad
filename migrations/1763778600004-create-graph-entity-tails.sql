-- What entities are found by: the ends of their names, from each word on, in Chinese from each character on. The one at
-- position 0 is the whole name.
CREATE TABLE graph_entity_tails (
  entity_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  position TINYINT UNSIGNED NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  type VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tail VARCHAR(60) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  PRIMARY KEY (entity_id, position),
  KEY idx_graph_entity_tails_tail (owner_id, tail, entity_id),
  KEY idx_graph_entity_tails_type (owner_id, type, tail, entity_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
