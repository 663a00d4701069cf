import type { EngineRequirement, EngineTable, Session } from '@phasegate/core'
import { classifyError } from '../session/classify-error.js'
import { grantedOn } from '../session/granted-privileges.js'
import { grantText } from '../session/missing-privilege.js'
import type { Address } from '../session/translate-error.js'
import { quoteName } from '../sql/account.js'
import { readSources } from './binary-log.js'

type Look = (session: Session, table: EngineTable, address: Address) => Promise<readonly string[]>

/**
 * What a tool needs: gh-ost documentation, "Requirements and limitations"; pt-online-schema-change documentation. LOCK TABLES is
 * for swapping and for cleaning up, so that nothing happens in between.
 */
const LOOK: { readonly [requirement in EngineRequirement]?: Look } = {
  'InnoDB table': async (_session, { schema, name, storage }) =>
    storage.toLowerCase() === 'innodb'
      ? []
      : [
          `The table is kept by ${storage}, which has no transactions. In a quiet hour: ALTER TABLE ${quoteName(schema)}.${quoteName(name)} ENGINE = InnoDB;`,
        ],
  'binary log of full rows': binaryLog,
  'may read the binary log': async (session, _table, address) => {
    const missing = [
      ...(await missingGlobal(session, address, 'REPLICATION SLAVE', ['REPLICATION SLAVE'])),
      ...(await missingGlobal(session, address, 'REPLICATION CLIENT', ['REPLICATION CLIENT', 'BINLOG MONITOR'])),
    ]
    return missing.length > 0 ? missing : replicaStatus(session, address)
  },
  'metadata locks shown': metadataLocks,
  'may create triggers': async (session, table, address) => [
    ...(await missingOn(session, table, address, ['TRIGGER'])),
    ...(await triggersUnderBinaryLog(session, address)),
  ],
  'may copy the table': (session, table, address) =>
    missingOn(session, table, address, ['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'CREATE', 'ALTER', 'INDEX', 'DROP']),
  'may swap the table': (session, table, address) =>
    missingOn(session, table, address, ['ALTER', 'DROP', 'CREATE', 'INSERT', 'LOCK TABLES']),
}

/** Sentences for what is not met. Where SHOW GRANTS does not tell for sure, the server decides when it is asked to do it. */
export async function unmetRequirements(
  session: Session,
  table: EngineTable,
  requirements: readonly EngineRequirement[],
  address: Address,
): Promise<readonly string[]> {
  const found: string[] = []
  for (const requirement of requirements) {
    const look = LOOK[requirement]
    if (look === undefined) throw new Error(`no engine of MySQL or MariaDB has the requirement '${requirement}'`)
    found.push(...(await look(session, table, address)))
  }
  return [...new Set(found)]
}

const BINARY_LOG = [
  { name: 'log_bin', wanted: 'ON', how: 'It takes a restart of the server with --log-bin.' },
  {
    name: 'binlog_format',
    wanted: 'ROW',
    how: "SET GLOBAL binlog_format = 'ROW'; which holds for new sessions of all clients.",
  },
  {
    name: 'binlog_row_image',
    wanted: 'FULL',
    how: "SET GLOBAL binlog_row_image = 'FULL'; which holds for new sessions of all clients.",
  },
  {
    name: 'binlog_row_value_options',
    wanted: '',
    how: "SET GLOBAL binlog_row_value_options = ''; which holds for new sessions of all clients.",
  },
]

async function binaryLog(session: Session): Promise<readonly string[]> {
  // SHOW, since a server refuses a name that it does not know everywhere else.
  const rows = await session.query<{ Variable_name: string; Value: string }>(
    'SHOW GLOBAL VARIABLES WHERE Variable_name IN (?)',
    [BINARY_LOG.map(({ name }) => name)],
  )
  const values = new Map(rows.map((row) => [row.Variable_name.toLowerCase(), row.Value]))
  const off = values.get('log_bin') !== 'ON'
  return BINARY_LOG.slice(0, off ? 1 : undefined).flatMap(({ name, wanted, how }) => {
    const value = values.get(name)
    if (value === undefined || value.toUpperCase() === wanted) return []
    return [
      `${name} is ${value}, and the changes of a table are read from a binary log with ${name} = ${wanted || "''"}. ${how}`,
    ]
  })
}

async function missingOn(
  session: Session,
  { schema }: EngineTable,
  address: Address,
  needed: readonly string[],
): Promise<readonly string[]> {
  const granted = await grantedOn(session, schema)
  const missing = granted === undefined ? [] : needed.filter((privilege) => !granted.has(privilege))
  if (missing.length === 0) return []
  return [
    `The account lacks ${missing.join(', ')} on the database. ${grantText(missing, `${quoteName(schema)}.*`, address)}`,
  ]
}

/** MariaDB has the same tables, with performance_schema off by default. */
async function metadataLocks(session: Session, _table: EngineTable, address: Address): Promise<readonly string[]> {
  const [row] = await session.query<{ on: string | number }>('SELECT @@performance_schema AS `on`')
  if (Number(row?.on) === 0)
    return [
      'performance_schema is off, so that nobody sees who holds a table. It takes a restart of the server with performance_schema = ON.',
    ]
  try {
    await session.query('SELECT 1 AS seen FROM performance_schema.metadata_locks LIMIT 1')
    const recorded = await session.query(
      `SELECT 1 AS yes FROM performance_schema.setup_instruments
       WHERE name = 'wait/lock/metadata/sql/mdl' AND enabled = 'YES' AND timed = 'YES'`,
    )
    if (recorded.length > 0) return []
  } catch (error) {
    if (classifyError(error) !== 'permission') throw error
    return [`The account cannot see who holds a table. ${grantText(['SELECT'], 'performance_schema.*', address)}`]
  }
  return [
    `performance_schema does not record metadata locks. UPDATE performance_schema.setup_instruments SET enabled = 'YES', timed = 'YES' WHERE name = 'wait/lock/metadata/sql/mdl';`,
  ]
}

/** gh-ost asks whom the server replicates from; MariaDB has a right of its own for that (since 10.5). */
async function replicaStatus(session: Session, address: Address): Promise<readonly string[]> {
  try {
    await readSources(session)
    return []
  } catch (error) {
    if (classifyError(error) !== 'permission') throw error
    return [`The account cannot see whom the server replicates from. ${grantText(['SLAVE MONITOR'], '*.*', address)}`]
  }
}

/** @param names under which the servers list it */
async function missingGlobal(
  session: Session,
  address: Address,
  privilege: string,
  names: readonly string[],
): Promise<readonly string[]> {
  // No database has this name, so that only what is granted on all of them is found.
  const granted = await grantedOn(session, '')
  if (granted === undefined || [...names, 'SUPER', 'ALL PRIVILEGES'].some((name) => granted.has(name))) return []
  return [`The account lacks ${privilege}. ${grantText([privilege], '*.*', address)}`]
}

/** With a binary log, triggers need SUPER or a server that trusts their authors (error 1419). */
async function triggersUnderBinaryLog(session: Session, address: Address): Promise<readonly string[]> {
  const [row] = await session.query<{ logs: string | number; trusts: string | number }>(
    'SELECT @@log_bin AS logs, @@log_bin_trust_function_creators AS trusts',
  )
  if (Number(row?.logs) === 0 || Number(row?.trusts) !== 0) return []
  const lacks = await missingGlobal(session, address, 'SUPER', [])
  return lacks.length === 0
    ? []
    : [
        'The binary log is on and log_bin_trust_function_creators is off, so that this account cannot create triggers. SET GLOBAL log_bin_trust_function_creators = 1; (with binlog_format = ROW nothing else changes)',
      ]
}
