-- What is embedded and found: pieces of a file in their order. `terms` are those of its postings, by which they are
-- found again when it goes. `embedder` says what its vector was made by; it is empty until there is one.
CREATE TABLE knowledge_chunks (
  chunk_no BIGINT UNSIGNED NOT NULL AUTO_INCREMENT,
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_no BIGINT UNSIGNED NOT NULL,
  file_no BIGINT UNSIGNED NOT NULL,
  generation INT UNSIGNED NOT NULL,
  position INT UNSIGNED NOT NULL,
  text MEDIUMTEXT NOT NULL,
  headings JSON NOT NULL,
  place JSON NOT NULL,
  tokens INT UNSIGNED NOT NULL,
  terms BLOB NOT NULL,
  embedder VARCHAR(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  PRIMARY KEY (chunk_no),
  UNIQUE KEY idx_knowledge_chunks_id (id),
  UNIQUE KEY idx_knowledge_chunks_place (file_no, generation, position)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
-- Which chunks have a term, and how often (up to 255 times).
CREATE TABLE knowledge_terms (
  owner_no BIGINT UNSIGNED NOT NULL,
  term INT UNSIGNED NOT NULL,
  chunk_no BIGINT UNSIGNED NOT NULL,
  file_no BIGINT UNSIGNED NOT NULL,
  frequency TINYINT UNSIGNED NOT NULL,
  PRIMARY KEY (owner_no, term, chunk_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
