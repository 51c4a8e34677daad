-- What became of each operation that carries an idempotency key: its result, or the code of its rejection. Holds are
-- keyed by their own rows; here stand only those that were refused, under the key `hold:<id>`.
CREATE TABLE coin_operations (
  account_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  idempotency_key VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  kind VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  request_hash BINARY(32) NOT NULL,
  outcome JSON NOT NULL,
  created_at DATETIME(3) NOT NULL,
  PRIMARY KEY (account_id, idempotency_key),
  KEY idx_coin_operations_age (created_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
