-- What happened to an account, numbered without gaps, never changed or deleted. Every balance is the sum of its
-- deltas. `hash` is SHA-256 over the hash of the entry before and this entry, so an entry that was altered, removed
-- or moved breaks the chain. `created_at` never goes back within an account.
CREATE TABLE coin_journal (
  account_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  sequence BIGINT UNSIGNED NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  balance_delta BIGINT NOT NULL,
  frozen_delta BIGINT NOT NULL,
  debt_delta BIGINT NOT NULL,
  balance_after BIGINT NOT NULL,
  frozen_after BIGINT NOT NULL,
  debt_after BIGINT NOT NULL,
  hold_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NULL,
  reference VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL,
  actor VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  reason VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL,
  note VARCHAR(500) NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  created_at DATETIME(3) NOT NULL,
  hash BINARY(32) NOT NULL,
  PRIMARY KEY (account_id, sequence),
  KEY idx_coin_journal_kind (account_id, kind, sequence)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
