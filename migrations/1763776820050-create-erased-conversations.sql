-- The ids of deleted conversations. An id that is derived from what a client calls its chat could come again; what is
-- left of a deleted conversation must not come back with it.
CREATE TABLE erased_conversations (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  erased_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
