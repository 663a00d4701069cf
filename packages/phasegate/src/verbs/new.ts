import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT, PhasegateError } from '@phasegate/core'
import { readSettings, type SettingsOptions } from '../config/read-settings.js'
import { displayPath } from '../display-path.js'
import { listMigrationFiles } from '../load/migration-files.js'
import { dateOf, nameProblem, slugOf, timestampOf } from '../load/migration-name.js'
import { writeNewFile } from '../write-file.js'
import { SQL_TEMPLATE, TYPESCRIPT_TEMPLATE } from './new-template.js'

export interface NewOptions extends SettingsOptions {
  /** What the migration is about; becomes lower case ASCII. */
  readonly slug: string
  /** Default `ts`. */
  readonly format?: 'ts' | 'sql'
  /** Default: the clock of this machine. */
  readonly now?: Date
}

export interface NewResult {
  readonly name: string
  /** Relative to the working directory. */
  readonly file: string
}

/**
 * Writes a new migration from a template that explains each phase; untouched it is refused as `MIGRATION.EMPTY`. Its
 * name sorts after every other one, even where one of them is dated in the future.
 *
 * @throws `MIGRATION.SLUG`, `FILE.WRITE`, and as `readSettings`
 * @example
 * await runNew({ slug: 'email_verified', format: 'sql' })
 */
export async function runNew(options: NewOptions): Promise<NewResult> {
  const settings = await readSettings(options)
  const slug = slugOf(options.slug)
  if (slug === '') throw badSlug(options.slug)
  const existing = existsSync(settings.migrations) ? listMigrationFiles(settings.migrations, settings.cwd).files : []
  const newest = existing.findLast((file) => nameProblem(file.name) === undefined)?.name
  const name = `${timestampAfter(newest, options.now ?? new Date())}_${slug}`
  const sql = options.format === 'sql'
  const path = join(settings.migrations, `${name}.${sql ? 'sql' : 'ts'}`)
  await writeNewFile(path, sql ? SQL_TEMPLATE : TYPESCRIPT_TEMPLATE, settings.cwd, 'wx')
  return { name, file: displayPath(settings.cwd, path) }
}

function timestampAfter(newest: string | undefined, now: Date): string {
  const current = timestampOf(now)
  const last = newest?.slice(0, 14)
  if (last === undefined || current > last) return current
  return timestampOf(new Date(dateOf(last).getTime() + 1000))
}

function badSlug(given: string): PhasegateError {
  return new PhasegateError({
    code: 'MIGRATION.SLUG',
    message: `'${given}' makes no name.`,
    why: 'A slug is of ASCII letters, digits, _ and -, so that it is the same on every file system.',
    next: ['Say in a few words what the migration does: phasegate new email_verified'],
    exit: EXIT.usage,
  })
}
