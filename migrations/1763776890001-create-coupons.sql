-- Codes that give coins. `amount` is micro-coins. How many redemptions are left stands in `coupon_stocks`.
CREATE TABLE coupons (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  max_redemptions INT UNSIGNED NOT NULL,
  max_per_user INT UNSIGNED NOT NULL,
  valid_from DATETIME(3) NOT NULL,
  valid_until DATETIME(3) NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_by CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_coupons_code (code),
  KEY idx_coupons_end (state, valid_until),
  CONSTRAINT chk_coupons CHECK (amount > 0 AND max_redemptions > 0 AND max_per_user > 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
