-- How many of a day's lines are of each level. They add up to stored_lines without dropped_lines.
ALTER TABLE log_days
  ADD COLUMN debug_lines BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN info_lines BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN warning_lines BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN error_lines BIGINT NOT NULL DEFAULT 0,
  ADD COLUMN critical_lines BIGINT NOT NULL DEFAULT 0;
