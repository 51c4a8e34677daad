-- Flows: tasks of one user in steps. The tasks of a step wait until all of the step before have finished; `unfinished`
-- counts those of the current step that have not.
CREATE TABLE task_flows (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  steps INT UNSIGNED NOT NULL,
  current_step INT UNSIGNED NOT NULL,
  unfinished INT UNSIGNED NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY idx_task_flows_owner (owner_id, id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
