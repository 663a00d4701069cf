import type { EngineQuirk, EngineTable } from '@phasegate/core'
import { expect, test } from 'vitest'
import { oscArguments, takenArguments } from './arguments.js'
import { credentialProblems, defaultsFile } from './credentials.js'
import { leftoversOf, oscNames } from './table-names.js'

const TABLE: EngineTable = {
  schema: 'shop',
  name: 'users',
  identity: '1',
  rows: 10,
  bytes: 100,
  storage: 'InnoDB',
  partitioned: false,
  columns: ['id'],
  keys: [{ name: 'PRIMARY', columns: ['id'], primary: true }],
  references: [],
  referencedBy: [],
  triggers: [],
}
const files = { path: (name: string) => `/run/${name}` }

function argumentsOf(
  table = TABLE,
  quirks: readonly EngineQuirk[] = [],
  extra: readonly string[] = [],
): readonly string[] {
  return oscArguments({ task: { alter: 'ADD a int' }, table, files, quirks, extra })
}

test('the swap is held back, and nothing is asked of any other server', () => {
  const given = argumentsOf()
  expect(given).toEqual(
    expect.arrayContaining([
      '--no-swap-tables',
      '--no-drop-triggers',
      '--no-drop-new-table',
      '--no-version-check',
      '--recursion-method=none',
      '--new-table-name=_users_new',
    ]),
  )
  expect(given[0]).toBe('--config=/run/pt-osc.conf')
  expect(given.at(-1)).toBe('D=shop,t=users,A=utf8mb4,F=/run/client.cnf')
  expect(given.join(' ')).not.toContain('null-to-not-null')
})

test('where foreign keys point at the table, it swaps by itself, and never without the table', () => {
  const given = argumentsOf({ ...TABLE, referencedBy: [{ constraint: 'points', table: 'child', rows: 1 }] })
  expect(given).toContain('--alter-foreign-keys-method=rebuild_constraints')
  expect(given).not.toContain('--no-swap-tables')
})

test('a table that is to be written anew as it is', () => {
  expect(oscArguments({ task: { alter: '' }, table: TABLE, files, quirks: [], extra: [] })).toContain(
    '--alter=ENGINE=InnoDB',
  )
})

test('its history is beside the table, and it goes on by the number of its notes', () => {
  const given = (history?: { readonly after?: string }) =>
    oscArguments({
      task: { alter: 'x' },
      table: TABLE,
      files,
      quirks: [],
      extra: [],
      ...(history && { history }),
    }).filter((one) => /^--(history|resume)/.test(one))
  expect(given()).toEqual([])
  expect(given({})).toEqual(['--history', '--history-table=shop._users_osc'])
  expect(given({ after: '7' })).toEqual(['--history', '--history-table=shop._users_osc', '--resume=7'])
  expect(takenArguments(['--resume=1', '--history', '--history-table=a.b'])).toHaveLength(3)
})

test('a server that explains in a format of its choice is told which', () => {
  const told = (quirks: readonly EngineQuirk[]) =>
    argumentsOf(TABLE, quirks).some(
      (one) => one.startsWith('--set-vars=') && one.includes('explain_format=TRADITIONAL'),
    )
  expect([told([]), told(['explain format'])]).toEqual([false, true])
})

test('what a person adds takes the place of ours, or is refused', () => {
  const given = argumentsOf(TABLE, [], ['--max-load=Threads_running=30'])
  expect(given.filter((one) => one.startsWith('--max-load'))).toEqual(['--max-load=Threads_running=30'])
  expect(takenArguments(['--chunk-time=1', '--sleep=0.1', '--statistics'])).toEqual([])
  const refused = [
    '--null-to-not-null',
    '--swap-tables',
    '--password=x',
    '-p',
    'x',
    '--sleep',
    '--no-check-alter',
    '--where=1',
  ]
  expect(takenArguments(refused)).toEqual(refused)
})

test('names as the tool makes them', () => {
  expect(oscNames({ schema: 'my-shop', name: 'users' })).toEqual({
    copy: '_users_new',
    old: '_users_old',
    triggers: ['pt_osc_my_shop_users_ins', 'pt_osc_my_shop_users_upd', 'pt_osc_my_shop_users_del'],
    history: '_users_osc',
  })
  const long = leftoversOf({ schema: 'shop', name: 'u'.repeat(64) })
  expect([...long.tables, ...long.triggers].map((name) => name.length)).toEqual([64, 64, 64, 64, 64, 64])
  expect(new Set([...long.tables, 'u'.repeat(64)]).size).toBe(4)
})

test('credentials are in the file alone, whatever they are', () => {
  const connection = { host: 'db', port: 3307, user: 'app', password: 'a"b#\\c= ;', database: 'shop' }
  const text = defaultsFile({ ...connection, tls: { mode: 'verify', ca: 'PEM' } }, files)
  expect(text.split('\n')).toEqual(
    expect.arrayContaining([
      '[client]',
      'host="db"',
      'port=3307',
      'user="app"',
      `password='a"b#\\\\c= ;'`,
      'ssl-enforce=1',
      'ssl-verify-server-cert=1',
      'ssl-ca="/run/ca.pem"',
    ]),
  )
  expect(text).not.toContain('PEM')
  // Else the client library would take the socket of this machine.
  expect(defaultsFile({ ...connection, host: 'localhost' }, files)).toContain('host="LOCALHOST"')
  expect(defaultsFile({ ...connection, socket: '/run/my.sock' }, files)).toContain('socket="/run/my.sock"')
  expect(credentialProblems(connection)).toEqual([])
  expect(credentialProblems({ ...connection, password: `a"b'c` })).toHaveLength(1)
  expect(credentialProblems({ ...connection, password: 'a\nb' })).toHaveLength(1)
})
