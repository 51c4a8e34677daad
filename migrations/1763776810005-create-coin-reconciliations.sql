-- The periodic reconciliations of the books, one for each due time: the worker that inserts the row does the work.
-- `counts` says how many disagreements of each kind it found; it is NULL while one runs and after one that failed.
CREATE TABLE coin_reconciliations (
  due_at DATETIME(3) NOT NULL,
  started_at DATETIME(3) NOT NULL,
  finished_at DATETIME(3) NULL,
  counts JSON NULL,
  PRIMARY KEY (due_at),
  KEY idx_coin_reconciliations_finished (finished_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
