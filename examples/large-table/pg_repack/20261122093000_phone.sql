-- app-uses: new

-- phase: expand
ALTER TABLE users ADD COLUMN phone VARCHAR(20);

-- phase: backfill
UPDATE users SET phone = left(fax, 20)
WHERE phone IS NULL AND fax IS NOT NULL;

-- phase: contract
ALTER TABLE users DROP COLUMN fax;
-- repack: users
