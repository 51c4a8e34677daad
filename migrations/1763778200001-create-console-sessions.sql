-- What a browser proves a session with at the console: the hash of its cookie. The session says whether it has ended.
CREATE TABLE console_sessions (
  cookie_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  session_id CHAR(36) CHARACTER SET ascii COLLATE ascii_bin NOT NULL,
  expires_at DATETIME(3) NOT NULL,
  PRIMARY KEY (cookie_hash),
  KEY idx_console_sessions_session (session_id, expires_at),
  KEY idx_console_sessions_expiry (expires_at)
) ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci;
