-- The turns of an owner in the order of their beginning, for the list of stored completions.
ALTER TABLE turns ADD KEY idx_turns_owner_start (owner_id, started_at, id);
