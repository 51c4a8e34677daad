-- Points that were taken for coins: the row is written with the points taken and is `pending` until the coins are
-- given under its id. `amount` is micro-coins. If the coins are refused, the points come back with the latest expiry of
-- those that were taken.
CREATE TABLE point_exchanges (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  points BIGINT NOT NULL,
  amount BIGINT NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  points_expire_at DATETIME(3) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  granted_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY idx_point_exchanges_state (state, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
