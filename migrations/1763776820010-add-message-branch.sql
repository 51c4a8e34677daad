-- The branch in which a message was said; what was there before is all in branch 0. `sequence` stays the
-- conversation-wide number in the order of saves, so it rises along each path; a page of one branch is a range of
-- the new index.
ALTER TABLE conversation_messages
  ADD COLUMN branch INT UNSIGNED NOT NULL DEFAULT 0 AFTER turn_id,
  ADD KEY idx_conv_messages_branch (conversation_id, branch, sequence);
