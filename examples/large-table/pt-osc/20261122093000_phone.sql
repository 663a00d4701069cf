-- engine: pt-osc
-- app-uses: old
-- phase: expand
ALTER TABLE users ADD COLUMN phone VARCHAR(20);
