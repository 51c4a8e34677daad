-- Codes by which users invite. An active code has a slot of its owner's, which bounds how many there are; the rewards
-- (micro-coins) are those promised when the code was made.
CREATE TABLE invitation_codes (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  owner_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  slot SMALLINT UNSIGNED NULL,
  code VARCHAR(40) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  max_uses INT UNSIGNED NOT NULL,
  uses INT UNSIGNED NOT NULL,
  owner_reward BIGINT NOT NULL,
  invitee_reward BIGINT NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  state VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  UNIQUE KEY idx_invitation_codes_code (code),
  UNIQUE KEY idx_invitation_codes_slot (owner_id, slot),
  KEY idx_invitation_codes_owner (owner_id, id),
  KEY idx_invitation_codes_end (state, expires_at),
  CONSTRAINT chk_invitation_codes CHECK (uses <= max_uses)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
