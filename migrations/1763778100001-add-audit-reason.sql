-- Why, in the operator's own words. Refused if it has an e-mail address in it, since rows of this table stay for ever.
ALTER TABLE audit_log ADD COLUMN reason VARCHAR(500) NULL;
