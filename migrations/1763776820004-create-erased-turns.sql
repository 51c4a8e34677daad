-- The ids of turns that were deleted with their conversation, and nothing else of them: they tell an erased turn,
-- which was charged, from one that was lost.
CREATE TABLE erased_turns (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  erased_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
