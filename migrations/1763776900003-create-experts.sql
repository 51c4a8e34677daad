-- The public profiles of users who take errands. The response times are of featured experts: the median from acceptance
-- to delivery over the 90 days before `response_computed_for`, and of how many deliveries.
CREATE TABLE experts (
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  display_name VARCHAR(80) NOT NULL,
  bio TEXT NOT NULL,
  skills JSON NOT NULL,
  is_featured TINYINT(1) NOT NULL DEFAULT 0,
  response_median_ms BIGINT UNSIGNED NULL,
  response_count INT UNSIGNED NOT NULL DEFAULT 0,
  response_computed_for DATETIME(3) NOT NULL DEFAULT '1970-01-01 00:00:00.000',
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id),
  KEY idx_experts_featured (is_featured, user_id),
  KEY idx_experts_response (is_featured, response_computed_for, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
