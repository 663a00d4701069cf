import { parseArgs } from 'node:util'

export interface DemoOptions {
  /** Users at the start. */
  readonly rows: number
  /** Wait with the database up at the end, until Ctrl-C. */
  readonly keep: boolean
}

export const HELP = `npm run demo -- [--rows <n>] [--keep]

  --rows <n>         users in the table at the start; default 1000000, at least 1000
  --keep             at the end print the database's URL and wait for Ctrl-C
  --database <name>  postgres (the default); mariadb comes with a later version
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
  if (values.database !== 'postgres') {
    const later = ['mariadb', 'mysql'].includes(values.database)
    throw new Error(
      later ? `--database ${values.database} comes with a later version` : `there is no database '${values.database}'`,
    )
  }
  const rows = /^\d[\d_]*$/.test(values.rows) ? Number(values.rows.replaceAll('_', '')) : Number.NaN
  if (!(rows >= 1000)) throw new Error(`--rows must be a whole number of at least 1000, not '${values.rows}'`)
  return { rows, keep: values.keep }
}
