-- The ways in which an entity is written, and how often.
CREATE TABLE graph_aliases (
  entity_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  surface VARCHAR(200) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL,
  mention_count INT UNSIGNED NOT NULL,
  PRIMARY KEY (entity_id, surface)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
