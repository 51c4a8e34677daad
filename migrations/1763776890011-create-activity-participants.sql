-- Who takes part. `points` are those earned since the user joined, while the activity ran. `seat_id` grows with the
-- time of joining and decides between equals. `coins_from` is the last entry of the coin journal before joining.
CREATE TABLE activity_participants (
  activity_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  user_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  seat_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  points BIGINT NOT NULL,
  points_down BIGINT GENERATED ALWAYS AS (-points) STORED,
  coins_from BIGINT UNSIGNED NOT NULL,
  joined_at DATETIME(3) NOT NULL,
  PRIMARY KEY (activity_id, user_id),
  KEY idx_activity_participants_user (user_id),
  KEY idx_activity_participants_standing (activity_id, points_down, seat_id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
