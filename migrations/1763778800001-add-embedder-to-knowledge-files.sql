-- What all chunks of a file have been embedded by; empty until they are. Files with another embedder than the one in use
-- are embedded anew.
ALTER TABLE knowledge_files
  ADD COLUMN embedder VARCHAR(140) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin NOT NULL DEFAULT '',
  ADD KEY idx_knowledge_files_embedder (embedder, file_no),
  ADD KEY idx_knowledge_files_owner_embedder (owner_no, embedder);
