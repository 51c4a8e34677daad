-- Whose documents can be searched. `version` counts what has changed of an owner's vectors: who changes them takes the
-- next one first, and so holds this row until it is committed. Whoever has seen a version has seen all before it.
CREATE TABLE knowledge_owners (
  owner_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  version BIGINT UNSIGNED NOT NULL DEFAULT 0,
  PRIMARY KEY (owner_no),
  UNIQUE KEY idx_knowledge_owners_owner (owner_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
