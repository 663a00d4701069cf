import { parseArgs } from 'node:util'
import { DATABASES, databaseOf } from './databases/databases.js'

export interface DemoOptions {
  /** Users at the start. */
  readonly rows: number
  /** Wait with the database up at the end, until Ctrl-C. */
  readonly keep: boolean
  /** A name of `DATABASES`, for a server of the demo's own, or the URL of an empty database. */
  readonly database: string
}

export const HELP = `npm run demo -- [--database <name or url>] [--rows <n>] [--keep]

  --database <name>  postgres (the default), mysql or mariadb: a server of the demo's own, in a temporary directory
                     or, for mysql and mariadb where none is installed, in a container
  --database <url>   an empty database of yours; what the demo makes stays in it
  --rows <n>         users in the table at the start; default 1000000, at least 1000
  --keep             at the end print the database's URL and wait for Ctrl-C
`

/** @throws Error with a message for the user */
export function readOptions(args: readonly string[]): DemoOptions | 'help' {
  const { values } = parseArgs({
    args: [...args],
    options: {
      rows: { type: 'string', default: '1000000' },
      keep: { type: 'boolean', default: false },
      database: { type: 'string', default: 'postgres' },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  if (values.help) return 'help'
  if (isUrl(values.database)) databaseOf(values.database)
  else if (!Object.hasOwn(DATABASES, values.database)) throw new Error(`there is no database '${values.database}'`)
  const rows = /^\d[\d_]*$/.test(values.rows) ? Number(values.rows.replaceAll('_', '')) : Number.NaN
  if (!(rows >= 1000)) throw new Error(`--rows must be a whole number of at least 1000, not '${values.rows}'`)
  return { rows, keep: values.keep, database: values.database }
}

export function isUrl(database: string): boolean {
  return database.includes('://')
}
