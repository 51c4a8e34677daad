-- A user who was erased keeps a row, so that ids in the books still name one account; nothing personal is in it.
ALTER TABLE users ADD COLUMN erased_at DATETIME(3) NULL;
