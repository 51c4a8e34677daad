-- How far each source of changes has been looked through. All changes before `since` are noted. While a pass is under
-- way, `started_at` says since when and `place` where it goes on.
CREATE TABLE statistics_passes (
  source VARCHAR(32) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  since DATETIME(3) NOT NULL,
  started_at DATETIME(3) NULL,
  place VARCHAR(255) CHARACTER SET ascii COLLATE ascii_bin NULL,
  PRIMARY KEY (source)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
