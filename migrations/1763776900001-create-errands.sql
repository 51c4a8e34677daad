-- Errands: what one user pays another for. The reward is held from the poster; the hold has the errand's id. `due_at`
-- is when a worker looks at it next, by its state: the deadline, the end of the grace, the automatic confirmation, the
-- renewal of the hold, a payment that was cut off. `payment` is what the expert gets; it is fixed when the errand begins
-- to settle. `request_key` is the hash of the poster's idempotency key. Amounts are micro-coins.
CREATE TABLE errands (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  poster_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expert_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  outcome VARCHAR(24) CHARACTER SET ascii COLLATE ascii_bin NULL,
  title VARCHAR(200) NOT NULL,
  description TEXT NOT NULL,
  reward BIGINT NOT NULL,
  payment BIGINT NULL,
  deadline_at DATETIME(3) NOT NULL,
  due_at DATETIME(3) NULL,
  delivery MEDIUMTEXT NULL,
  dispute_reason TEXT NULL,
  decided_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  decision_note VARCHAR(500) NULL,
  request_key BINARY(32) NOT NULL,
  request_hash BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  accepted_at DATETIME(3) NULL,
  delivered_at DATETIME(3) NULL,
  disputed_at DATETIME(3) NULL,
  ended_at DATETIME(3) NULL,
  changed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_errands_request (poster_id, request_key),
  KEY idx_errands_due (state, due_at),
  KEY idx_errands_state (state, id),
  KEY idx_errands_poster (poster_id, state, id),
  KEY idx_errands_expert (expert_id, state, id),
  KEY idx_errands_delivered (expert_id, delivered_at),
  KEY idx_errands_changed (changed_at, id),
  CONSTRAINT chk_errands_amounts CHECK (reward > 0 AND (payment IS NULL OR (payment >= 0 AND payment <= reward)))
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
