-- An order that does not move while its pages are read: for exports.
ALTER TABLE conversations ADD KEY idx_conversations_owner (owner_id, id);
