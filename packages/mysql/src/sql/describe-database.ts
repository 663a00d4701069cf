/** Which of the two dialects this server speaks, by the rule of server/mysql-server.ts. Texts fold case or not by collation. */
export const dialectSql = `IF(LOWER(CONCAT(VERSION(), @@GLOBAL.version_comment)) LIKE '%mariadb%', 'mariadb', 'mysql')`

/**
 * A `DatabaseDescription` in one text column. Reads the catalog alone, so it works for every account; the catalog lists
 * the tables that the account has a privilege on.
 */
export const describeDatabaseSql = `
SELECT CAST(JSON_OBJECT(
  'database', DATABASE(),
  'dialect', ${dialectSql},
  'version', VERSION(),
  'now', DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ'),
  'role', CURRENT_USER(),
  'exists', (SELECT COUNT(*) FROM information_schema.tables
             WHERE table_schema = DATABASE() AND table_name = 'phasegate_journal')
) AS CHAR) AS description
`
