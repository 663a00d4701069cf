import { describe, expect, it } from 'vitest'
import { mentions } from './mentions.js'

/** Texts as the digests of MySQL 9.7.4 and MariaDB 10.11.19 have them. */
const column = (text: string) => mentions(text, { schema: 'shop', table: 'users', column: 'verified_at' })
const table = (text: string) => mentions(text, { schema: 'shop', table: 'users' })

describe('mentions', () => {
  it.each([
    'SELECT `verified_at` FROM `users` WHERE `id` = ?',
    'SELECT `u` . `verified_at` FROM `shop` . `users` `u` ',
    'SELECT VERIFIED_AT FROM USERS ',
    'SELECT * FROM `users`',
    'SELECT SQL_NO_CACHE * FROM `users`',
    'SELECT `id` , `u` . * FROM `users` AS `u`',
    'SELECT COUNT ( * ) , `o` . * FROM `users` `o`',
    'SELECT `id` FROM `orders` NATURAL JOIN `users`',
    'SELECT `id` FROM `orders` JOIN `users` USING ( `verified_at` )',
    'EXECUTE SELECT `n` , `verified_at` FROM `users`',
    'PREPARE SELECT `verified_at` AS `x` FROM `users` WHERE `id` = ?',
    'INSERT INTO `users` VALUES (...)',
    'INSERT INTO `users` VALUES ( ? , NOW ( ) , ? )',
    'INSERT IGNORE INTO `shop` . `users` SELECT `id` FROM `t`',
    'INSERT INTO `users` ( SELECT `id` FROM `t` )',
    'REPLACE `users` VALUES (...)',
    'INSERT INTO `users` ( `id` ) VALUES (?) ON DUPLICATE KEY UPDATE `verified_at` = ?',
    'UPDATE `users` SET `verified_at` = NOW ( ) WHERE `id` = ?',
    'TABLE `users`',
    'EXPLAIN ANALYZE SELECT `verified_at` FROM `users`',
    'ANALYZE SELECT `verified_at` FROM `users`',
    'LOAD DATA INFILE ? INTO TABLE `users`',
    'INSERT INTO `other` SELECT * FROM `users`',
    "SELECT `id` FROM `users` WHERE `a` = 'unterminated",
  ])('says that this may use the column: %s', (text) => {
    expect(column(text)).toBe('possible')
  })

  it.each([
    'SELECT `id` , `n` FROM `users` WHERE `id` IN (...)',
    'SELECT COUNT ( * ) , `n` * ? FROM `users` GROUP BY `n`',
    'INSERT INTO `users` ( ID , `n` ) VALUES (...) /* , ... */ ',
    'INSERT INTO `users` SET `n` = ?',
    'SELECT `verified_at` FROM `emails`',
    'SELECT * FROM `emails`',
    'SELECT `verified_at` FROM `other` . `users`',
    'ALTER TABLE `users` DROP COLUMN `verified_at`',
    'EXECUTE ALTER TABLE `users` DROP COLUMN `verified_at`',
    'CREATE INDEX `i` ON `users` ( `verified_at` )',
    'SELECT REPLACE ( `n` , ? , ? ) FROM `users`',
    'COMMIT',
    'EXPLAIN SELECT `verified_at` FROM `users`',
  ])('says that this does not: %s', (text) => {
    expect(column(text)).toBe('no')
  })

  it('says of every statement that names the table that it may use it', () => {
    for (const text of [
      'SELECT `id` FROM `users`',
      'TRUNCATE TABLE `users`',
      'DELETE FROM `shop` . `users`',
      'LOCK TABLES `users` READ',
    ])
      expect(table(text), text).toBe('possible')
    for (const text of ['SELECT `id` FROM `other` . `users`', 'ANALYZE TABLE `users`', 'SELECT ?'])
      expect(table(text), text).toBe('no')
  })

  it("leaves out Phasegate's own", () => {
    expect(column('SELECT `users` . `verified_at` AS `phasegate_text` FROM `users`')).toBe('ours')
    expect(column('UPDATE `phasegate_unit` SET `a` = ( SELECT `verified_at` FROM `users` )')).toBe('ours')
  })
})
