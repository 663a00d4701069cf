import type { AppUsesDeclaration } from '../authoring/app-uses.js'
import type { WantedEngine } from '../engine/engine-task.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import type { ThrottleSettings, TimeWindow } from '../pace/throttle-settings.js'
import { commentText, isComment } from '../parse/comments.js'
import { lineCounter } from '../parse/line-counter.js'
import type { SqlLanguage, Token } from '../ports/sql-language.js'
import { looksLikePhaseMarker, phaseOf, type SqlPhase } from './phase-marker.js'
import { readAppUses } from './read-app-uses.js'
import { type BatchSetting, readBatch } from './read-batch.js'
import { readEngine } from './read-engine.js'
import { readOnly, readThrottleLines } from './read-pace-lines.js'
import { type RepackLine, readRepack } from './read-repack.js'
import { mergeSync, readSyncLine, type SyncText } from './read-sync.js'
import { type Setting, settingOf } from './setting.js'
import { sqlFileError } from './sql-file-errors.js'

/** The text of one phase, comments included, and the line of the file on which it begins. */
export interface SqlSection {
  readonly text: string
  readonly line: number
}

/** An SQL migration, taken apart by its headers. Nothing in its phases is parsed yet. */
export interface SqlMigration {
  /** Undefined where the file does not say it. */
  readonly appUses: AppUsesDeclaration | undefined
  readonly applications: readonly string[] | undefined
  readonly sync: readonly SyncText[]
  /** Columns whose writers are counted, as they are written. */
  readonly countWriters: { readonly columns: readonly string[]; readonly where: SourceLocation } | undefined
  readonly batch: BatchSetting | undefined
  /** When the backfill may work; undefined: as the configuration says. */
  readonly only: readonly TimeWindow[] | undefined
  readonly throttle: ThrottleSettings | false | undefined
  /** Who changes tables that were there before. */
  readonly engine: WantedEngine
  /** Tables that are written anew after the statements of contract. */
  readonly repack: readonly RepackLine[]
  readonly phases: { readonly [phase in SqlPhase]?: SqlSection }
}

/** What of a dialect the headers need; `load` comes first. */
type FileLanguage = Pick<
  SqlLanguage,
  'name' | 'engines' | 'readTokens' | 'readName' | 'parseTableName' | 'parseAssignments'
>

interface Header {
  readonly token: Token
  readonly comment: string
  readonly where: SourceLocation
}

interface Marker {
  readonly phase: SqlPhase
  readonly header: Header
}

/**
 * Reads an SQL migration file. Headers are `--` comments on lines of their own; what stands in strings, dollar quotes and
 * block comments is never one. A byte order mark and CRLF line ends do not matter.
 *
 * @param text the file, decoded as UTF-8
 * @throws `MIGRATION.NO_PHASE`, `MIGRATION.UNKNOWN_PHASE`, `MIGRATION.DUPLICATE_PHASE`, `MIGRATION.MISPLACED_PHASE`,
 *   `MIGRATION.UNKNOWN_SETTING`, `MIGRATION.DUPLICATE_SETTING`, `MIGRATION.BAD_SETTING`, `SQL.ENGINE`, `SQL.SYNTAX`,
 *   `SQL.CHARACTER`, each with the line
 *
 * @example
 * readSqlMigration('-- phase: expand\nALTER TABLE users ADD COLUMN note text;', 'note.sql', language).phases.expand
 * // { text: 'ALTER TABLE users ADD COLUMN note text;', line: 2 }
 */
export function readSqlMigration(text: string, file: string, language: FileLanguage): SqlMigration {
  const sql = text.startsWith('\uFEFF') ? text.slice(1) : text
  const tokens = language.readTokens(sql, file)
  const headers = headersOf(sql, tokens, file)
  const markers = markersOf(headers)
  const settings = settingsOf(headers)
  const phases = sectionsOf(sql, tokens, markers, file)
  const one = (name: Setting['name']): { value: string; where: SourceLocation } | undefined => single(settings, name)
  const engine = one('engine')
  const appUses = one('app-uses')
  const counted = one('count-writers')
  const batch = one('batch')
  const only = one('only')
  const throttle = settings
    .filter(({ setting }) => setting.name === 'throttle')
    .map(({ setting, where }) => ({ value: setting.value, where }))
  for (const [name, line] of Object.entries({ batch, only, throttle: throttle[0] })) {
    if (line === undefined || phases.backfill !== undefined) continue
    throw sqlFileError('MIGRATION.BAD_SETTING', `${name} is set, and there is no backfill.`, line.where, [
      'Remove the line, or add -- phase: backfill.',
    ])
  }
  const repack = settings.filter(({ setting }) => setting.name === 'repack')
  if (repack[0] !== undefined && phases.contract === undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', 'repack is set, and there is no contract.', repack[0].where, [
      'Put it below -- phase: contract: a table is repacked when something has gone from it.',
    ])
  }
  return {
    appUses: appUses === undefined ? undefined : readAppUses(appUses.value, appUses.where),
    applications: readNames(
      'applications',
      one('applications'),
      'Write each application once: -- applications: api, worker',
    ),
    sync: mergeSync(
      settings
        .filter(({ setting }) => setting.name === 'sync')
        .map(({ setting, where }) => readSyncLine(setting.target, setting.value, where, language)),
    ),
    countWriters: counted && {
      columns: readNames('count-writers', counted, 'Write each column once: -- count-writers: users.verified_at') ?? [],
      where: counted.where,
    },
    batch: batch === undefined ? undefined : readBatch(batch.value, batch.where, language),
    only: only === undefined ? undefined : readOnly(only),
    throttle: throttle.length === 0 ? undefined : readThrottleLines(throttle),
    engine: engine === undefined ? 'auto' : readEngine(engine.value, engine.where, language),
    repack: repack.map(({ setting, where }) => readRepack(setting.value, where, language)),
    phases,
  }
}

/** Line comments that have their line to themselves. */
function headersOf(sql: string, tokens: readonly Token[], file: string): Header[] {
  const lineAt = lineCounter(sql)
  return tokens.flatMap((token) => {
    if (token.kind !== 'line comment') return []
    const comment = commentText(token)
    const where = { file, line: lineAt(token.start) }
    const before = sql.slice(sql.lastIndexOf('\n', token.start - 1) + 1, token.start)
    if (before.trim() === '') return [{ token, comment, where }]
    if (!looksLikePhaseMarker(comment)) return []
    throw sqlFileError('MIGRATION.MISPLACED_PHASE', `-- ${comment} stands behind other text.`, where, [
      'A phase begins with a line of its own.',
    ])
  })
}

function markersOf(headers: readonly Header[]): Marker[] {
  const markers: Marker[] = []
  for (const header of headers) {
    const phase = phaseOf(header.comment, header.where)
    if (phase === undefined) continue
    const first = markers.find((marker) => marker.phase === phase)
    if (first !== undefined) {
      throw sqlFileError('MIGRATION.DUPLICATE_PHASE', `The phase ${phase} begins twice.`, header.where, [
        `Put its statements together, below line ${first.header.where.line}, or write another migration.`,
      ])
    }
    markers.push({ phase, header })
  }
  return markers
}

function sectionsOf(
  sql: string,
  tokens: readonly Token[],
  markers: readonly Marker[],
  file: string,
): SqlMigration['phases'] {
  const start = markers[0]?.header.token.start ?? sql.length
  const early = tokens.find((token) => !isComment(token) && token.start < start)
  if (early !== undefined || markers.length === 0) {
    const line = early === undefined ? 1 : lineCounter(sql)(early.start)
    throw sqlFileError(
      'MIGRATION.NO_PHASE',
      markers.length === 0 ? 'The file has no phase.' : 'There is SQL before the first phase.',
      { file, line },
      ['Put -- phase: expand on a line above it (or backfill, contract, revert).'],
      'Which phase a statement belongs to decides when it may run, so it is never guessed.',
    )
  }
  const sections = markers.map(({ phase, header }, index): [SqlPhase, SqlSection] => {
    const lineEnd = sql.indexOf('\n', header.token.start)
    const from = lineEnd === -1 ? sql.length : lineEnd + 1
    const next = markers[index + 1]?.header
    const to = next === undefined ? sql.length : sql.lastIndexOf('\n', next.token.start - 1) + 1
    return [phase, { text: sql.slice(from, to), line: (header.where.line ?? 1) + 1 }]
  })
  return Object.fromEntries(sections)
}

function settingsOf(headers: readonly Header[]): { readonly setting: Setting; readonly where: SourceLocation }[] {
  return headers.flatMap(({ comment, where }) => {
    if (looksLikePhaseMarker(comment)) return []
    const setting = settingOf(comment)
    if (setting === undefined) return []
    if (!('misspelled' in setting)) return [{ setting, where }]
    throw sqlFileError('MIGRATION.UNKNOWN_SETTING', `There is no setting '${setting.misspelled}'.`, where, [
      `Did you mean '${setting.meant}'? If it is a remark, write it without the colon.`,
    ])
  })
}

function single(
  settings: ReturnType<typeof settingsOf>,
  name: Setting['name'],
): { readonly value: string; readonly where: SourceLocation } | undefined {
  const [first, second] = settings.filter(({ setting }) => setting.name === name)
  if (second !== undefined) {
    throw sqlFileError('MIGRATION.DUPLICATE_SETTING', `${name} is set twice.`, second.where, ['Keep one of the two.'])
  }
  return first === undefined ? undefined : { value: first.setting.value, where: first.where }
}

/** Names that stand once each; `how` says how they are written. */
function readNames(
  setting: Setting['name'],
  line: { readonly value: string; readonly where: SourceLocation } | undefined,
  how: string,
): readonly string[] | undefined {
  if (line === undefined) return undefined
  const names = line.value.split(/[\s,]+/).filter((name) => name !== '')
  if (names.length === 0 || new Set(names).size < names.length)
    throw sqlFileError('MIGRATION.BAD_SETTING', `${setting} cannot be read at '${line.value}'.`, line.where, [how])
  return names
}
