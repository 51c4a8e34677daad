-- What is known of each periodic task. The code gives `default_cron`, an operator may set `cron_override`. Each slot up
-- to `settled_until` has been decided: none of them is ever begun any more. `pause_row_at` is the slot under which the
-- slots of the present pause are counted.
CREATE TABLE schedule_tasks (
  name VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  default_cron VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  cron_override VARCHAR(100) CHARACTER SET ascii COLLATE ascii_bin NULL,
  settled_until DATETIME(3) NOT NULL,
  paused_at DATETIME(3) NULL,
  pause_row_at DATETIME(3) NULL,
  removed_at DATETIME(3) NULL,
  last_outcome VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL,
  last_ended_at DATETIME(3) NULL,
  last_success_at DATETIME(3) NULL,
  PRIMARY KEY (name)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
