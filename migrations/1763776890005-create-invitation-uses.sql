-- Who was invited by whom: at most one row for each invitee. `pending` until both sides have their coins.
CREATE TABLE invitation_uses (
  invitee_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  code_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_reward BIGINT NOT NULL,
  invitee_reward BIGINT NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  granted_at DATETIME(3) NULL,
  PRIMARY KEY (invitee_id),
  KEY idx_invitation_uses_state (state, created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
