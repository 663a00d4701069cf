import { expect, test } from 'vitest'
import { misread } from './misread.js'

test.each([
  'ADD COLUMN phone VARCHAR(20)',
  'DROP COLUMN email, ADD COLUMN email TEXT',
  "ADD note TEXT DEFAULT 'plain', ADD KEY (note)",
  "ADD note TEXT COMMENT 'drop email, later'",
  'MODIFY price DECIMAL(10,2), DROP `old, name`',
  "ADD kind ENUM('drop email','x') NOT NULL",
  'CHANGE a a BIGINT',
  "ADD x INT COMMENT 'it''s, drop email, too'",
])('%s is read as it is meant', (alter) => expect(misread(alter)).toBeUndefined())

// Each of these makes gh-ost leave the column email out of the copy, or work on another ALTER.
test.each([
  'ADD note TEXT COMMENT "drop email, later"',
  "ADD note TEXT COMMENT 'it\\'s, drop email, later'",
  'ADD note TEXT /* was: x, drop email, y */',
  'ADD note TEXT COMMENT "please change email mail now"',
  "ADD note TEXT COMMENT 'by alter table other drop column email'",
])('%s is refused', (alter) => expect(misread(alter)).toMatch(/reword/))
