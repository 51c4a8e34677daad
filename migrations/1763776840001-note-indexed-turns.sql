-- Which saved turns the search has. A turn is born without it, so that none is forgotten whatever is lost on the way;
-- the key holds those that are not indexed yet at its front, the longest saved first.
ALTER TABLE turns
  ADD COLUMN is_indexed TINYINT UNSIGNED NOT NULL DEFAULT 0,
  ADD KEY idx_turns_indexed (is_indexed, saved_at);
