-- One row for each queue of tasks: the turn at which it is. Who gives tasks to the workers locks it.
CREATE TABLE task_queues (
  queue VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  turn BIGINT NOT NULL DEFAULT 0,
  PRIMARY KEY (queue)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
