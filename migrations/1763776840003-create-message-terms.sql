-- The postings: which messages of an owner have a term. `term` is a 32-bit hash, so a posting is a candidate that is
-- checked against the text.
CREATE TABLE message_terms (
  owner_key BIGINT UNSIGNED NOT NULL,
  term INT UNSIGNED NOT NULL,
  message_no BIGINT UNSIGNED NOT NULL,
  PRIMARY KEY (owner_key, term, message_no)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
