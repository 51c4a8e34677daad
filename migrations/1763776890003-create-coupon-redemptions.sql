-- Who redeemed a coupon: the id is derived from coupon, user and `number`, the user's first, second … of it, so that
-- none can be there twice; it is also the idempotency key of the coins. `pending` until these are given.
CREATE TABLE coupon_redemptions (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  coupon_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  number INT UNSIGNED NOT NULL,
  request_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  amount BIGINT NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  granted_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_coupon_redemptions_user (coupon_id, user_id, number),
  UNIQUE KEY idx_coupon_redemptions_request (request_id),
  KEY idx_coupon_redemptions_coupon (coupon_id, created_at, id),
  KEY idx_coupon_redemptions_owner (user_id, created_at, id),
  KEY idx_coupon_redemptions_state (state, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
