-- The slots of periodic tasks. Whoever inserts the row of a slot has it; the primary key refuses a second one. A row
-- waits (`due`) until `start_at`, runs, may wait for its next try, and ends. `running_task` is the task while it runs,
-- so that its unique key lets one run of a task go on at a time. A run by hand has a time of its own, which is no
-- whole second, and the id of its request. Skipped slots may share a row: from `due_at` to `through_at`, `slots` in
-- number (NULL: more than were counted).
CREATE TABLE schedule_runs (
  task VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  due_at DATETIME(3) NOT NULL,
  manual_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  path VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  is_caught_up TINYINT(1) NOT NULL DEFAULT 0,
  epoch BIGINT UNSIGNED NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NULL,
  running_task VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  start_at DATETIME(3) NOT NULL,
  attempt SMALLINT UNSIGNED NOT NULL DEFAULT 0,
  process_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  process VARCHAR(100) NULL,
  heartbeat_at DATETIME(3) NULL,
  first_started_at DATETIME(3) NULL,
  started_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  lateness_ms BIGINT NULL,
  through_at DATETIME(3) NULL,
  slots INT UNSIGNED NULL DEFAULT 1,
  result TEXT NULL,
  error TEXT NULL,
  PRIMARY KEY (task, due_at),
  UNIQUE KEY idx_schedule_runs_manual (manual_id),
  UNIQUE KEY idx_schedule_runs_running (running_task),
  KEY idx_schedule_runs_state (state, start_at),
  KEY idx_schedule_runs_ended (ended_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
