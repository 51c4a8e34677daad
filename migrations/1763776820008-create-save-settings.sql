-- How the saves are to run, as an operator has set it. One row; none means the defaults.
CREATE TABLE save_settings (
  id TINYINT UNSIGNED NOT NULL,
  shards_at_once TINYINT UNSIGNED NOT NULL,
  changed_at DATETIME(3) NOT NULL,
  PRIMARY KEY (id)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
