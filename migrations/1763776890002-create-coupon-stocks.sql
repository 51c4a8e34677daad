-- What is left of a coupon, split over a few rows so that redemptions at once do not wait for one another.
CREATE TABLE coupon_stocks (
  coupon_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  shard TINYINT UNSIGNED NOT NULL,
  remaining INT NOT NULL,
  PRIMARY KEY (coupon_id, shard),
  CONSTRAINT chk_coupon_stocks CHECK (remaining >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
