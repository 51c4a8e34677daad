-- What each user did, as of `computed_at`; the row of a user who has done nothing is missing. Amounts are micro-coins.
-- `journal_sequence` is the last entry of the user's coin journal that is counted.
CREATE TABLE user_statistics (
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  tasks_posted INT UNSIGNED NOT NULL,
  tasks_completed INT UNSIGNED NOT NULL,
  tasks_cancelled INT UNSIGNED NOT NULL,
  tasks_done INT UNSIGNED NOT NULL,
  coins_earned BIGINT NOT NULL,
  coins_spent BIGINT NOT NULL,
  coins_received BIGINT NOT NULL,
  conversations INT UNSIGNED NOT NULL,
  turns BIGINT UNSIGNED NOT NULL,
  last_activity_at DATETIME(3) NULL,
  journal_sequence BIGINT UNSIGNED NOT NULL,
  computed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (user_id),
  KEY idx_user_statistics_activity (last_activity_at, user_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
