-- Points as they were earned, each lot with its own expiry. It is open until nothing of it remains (`spent`) or its
-- time was up (`expired`).
CREATE TABLE point_lots (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  points BIGINT NOT NULL,
  remaining BIGINT NOT NULL,
  valid_days INT UNSIGNED NOT NULL,
  reason VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  earned_at DATETIME(3) NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  KEY idx_point_lots_user (user_id, state, expires_at, id),
  KEY idx_point_lots_expiry (state, expires_at),
  CONSTRAINT chk_point_lots CHECK (points > 0 AND remaining >= 0 AND remaining <= points)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
