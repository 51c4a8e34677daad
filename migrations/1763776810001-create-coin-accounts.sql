-- One row for each account that ever had coins, holds or a debt; its id is the user's. All amounts are
-- micro-coins. `journal_sequence` and `journal_hash` are the head of the account's journal. This row is the lock
-- under which everything of the account changes.
CREATE TABLE coin_accounts (
  id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  balance BIGINT NOT NULL,
  frozen BIGINT NOT NULL,
  debt BIGINT NOT NULL,
  is_blocked TINYINT(1) NOT NULL DEFAULT 0,
  journal_sequence BIGINT UNSIGNED NOT NULL,
  journal_hash BINARY(32) NOT NULL,
  created_at DATETIME(3) NOT NULL,
  updated_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id),
  CONSTRAINT chk_coin_accounts_amounts CHECK (frozen >= 0 AND balance >= frozen AND debt >= 0)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
