-- What was asked for, as a hash: a key that comes again with another request is refused, also long after the save.
ALTER TABLE turns ADD COLUMN request_hash CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL;
