-- Who gets what for an activity, once: coins (micro-coins) or points. `refused` if the account could not take it.
CREATE TABLE activity_payouts (
  activity_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  valid_days INT UNSIGNED NULL,
  place INT UNSIGNED NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  paid_at DATETIME(3) NULL,
  PRIMARY KEY (activity_id, user_id),
  KEY idx_activity_payouts_state (activity_id, state, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
