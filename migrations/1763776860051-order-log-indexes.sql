-- Lines are read in the order of their time and id. A partitioned table does not use the primary key at the end of an
-- index for that; named, it is used, and takes no more room.
ALTER TABLE logs
  DROP INDEX idx_logs_level_time,
  DROP INDEX idx_logs_time,
  ADD INDEX idx_logs_level_time (log_level, created_at DESC, id DESC),
  ADD INDEX idx_logs_time (created_at DESC, id DESC);
