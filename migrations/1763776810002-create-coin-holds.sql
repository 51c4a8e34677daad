-- Coins frozen for one purpose. A hold is open and then ends once: settled, released or expired. The sequences
-- name the journal entries that opened and ended it. `settled_amount` is what the purpose cost; `debt_amount` the
-- part of it that the account could not pay. `expiry_claimed_until` lets several workers share the expiry.
CREATE TABLE coin_holds (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  account_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  amount BIGINT NOT NULL,
  status VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  settled_amount BIGINT NULL,
  debt_amount BIGINT NULL,
  purpose VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reference VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  opened_sequence BIGINT UNSIGNED NOT NULL,
  ended_sequence BIGINT UNSIGNED NULL,
  expires_at DATETIME(3) NOT NULL,
  expiry_claimed_until DATETIME(3) NULL,
  created_at DATETIME(3) NOT NULL,
  ended_at DATETIME(3) NULL,
  PRIMARY KEY (id),
  KEY idx_coin_holds_account_status (account_id, status),
  KEY idx_coin_holds_expiry (status, expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
