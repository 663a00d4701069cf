import type { Family } from '../support/servers.js'

/** A type that a key may have, and its value for the number `g`, from 1; values sort otherwise than `g` on purpose. */
export interface KeyType {
  readonly type: string
  readonly value: string
}

const mysql: readonly KeyType[] = [
  { type: 'int', value: 'g * 1003 - 50000' },
  { type: 'bigint unsigned', value: '18446744073709551615 - g * 3' },
  { type: 'decimal(30,6)', value: "CAST(concat(g % 7, '00000000000000000000.00000', g) AS decimal(30,6)) + g" },
  { type: 'datetime(6)', value: "'2026-01-01 00:00:00.000001' + INTERVAL g MICROSECOND" },
  { type: 'timestamp(6)', value: "'2026-03-29 00:30:00.000001' + INTERVAL g MINUTE" },
  { type: 'date', value: "'1582-10-04' + INTERVAL g * 400 DAY" },
  { type: 'time(6)', value: "ADDTIME('-300:00:00.000001', SEC_TO_TIME(g * 3601))" },
  { type: 'binary(16)', value: "UNHEX(LEFT(SHA2(concat('k', g), 256), 32))" },
  { type: 'varbinary(40)', value: "concat(UNHEX('00FF5C27'), UNHEX(HEX(g * 7919)))" },
  { type: 'char(36)', value: "concat(LEFT(SHA2(g, 256), 8), '-', RIGHT(SHA2(g, 256), 27))" },
  {
    type: 'varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci',
    value: "concat(IF(g % 2, 'KEY ß', 'key é'), g)",
  },
  {
    type: 'varchar(40) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin',
    value: "concat(CHAR(65 + g % 50), '''\\\\\"`😀 ', g)",
  },
  { type: 'varchar(40) CHARACTER SET latin1', value: "concat(IF(g % 2, 'Ä', 'z'), g)" },
  { type: 'year', value: '1901 + g' },
]

/** One list of kinds of keys; what has no counterpart on a server is not in its list. */
export const KEY_TYPES: Readonly<Record<Family, readonly KeyType[]>> = {
  postgres: [
    { type: 'int', value: 'g * 1003 - 50000' },
    { type: 'bigint', value: '9223372036854775807 - g * 3' },
    { type: 'decimal(30,6)', value: "concat(g % 7, '00000000000000000000.00000', g)::decimal(30,6) + g" },
    { type: 'timestamp(6)', value: "timestamp '2026-01-01 00:00:00.000001' + g * interval '1 microsecond'" },
    { type: 'timestamptz', value: "timestamptz '2026-03-29 00:30:00.000001+00' + g * interval '1 minute'" },
    { type: 'date', value: "date '1582-10-04' + g * 400" },
    { type: 'uuid', value: "md5(concat('k', g))::uuid" },
    { type: 'bytea', value: "decode(md5(concat('k', g)), 'hex')" },
    { type: 'varchar(40)', value: `concat(chr(65 + g % 50), '''\\"😀 ', g)` },
  ],
  mysql,
  mariadb: [
    ...mysql,
    {
      type: 'uuid',
      value:
        "concat(LEFT(MD5(g), 8), '-', MID(MD5(g), 9, 4), '-4', MID(MD5(g), 14, 3), '-8', MID(MD5(g), 18, 3), '-', RIGHT(MD5(g), 12))",
    },
  ],
}
