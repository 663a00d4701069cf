-- app-uses: old
-- phase: expand
ALTER TABLE users ADD COLUMN domain VARCHAR(80) AS (SUBSTRING_INDEX(email, '@', -1)) STORED;
