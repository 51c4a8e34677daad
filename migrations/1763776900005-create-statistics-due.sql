-- Users whose statistics are to be computed anew. A run claims some for a while; a change that is noted meanwhile takes
-- the claim away, so that they are computed once more.
CREATE TABLE statistics_due (
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  claim_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  claimed_until DATETIME(3) NOT NULL DEFAULT '1970-01-01 00:00:00.000',
  PRIMARY KEY (user_id),
  KEY idx_statistics_due_claim (claimed_until, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
