import {
  type ApprovalRecord,
  assertReadable,
  type BuildRecord,
  type EvidenceRecord,
  type JournalSnapshot,
  journalDamaged,
  PHASES,
  type UnitRecord,
} from '@phasegate/core'

/** A text of `readJournalSql`: one record under the name of its part, and beside it what the journal keeps as JSON. */
interface JournalRow {
  readonly journal?: Header
  readonly unit?: UnitRecord
  readonly approval?: ApprovalRecord
  readonly evidence?: Omit<EvidenceRecord, 'check'> & { readonly gate: string }
  readonly build?: BuildRecord
  readonly json: Readonly<Record<string, unknown>>
}

type Held = Pick<JournalSnapshot, 'held'> & {
  readonly stored?: boolean | null
  readonly mark?: string | null
}

interface Header {
  readonly version: number
  readonly target: string
  readonly database: string
  readonly dialect: string
  readonly server: string
  readonly now: string
}

/**
 * Makes the snapshot of what `readJournalSql` answered, in the order of its records. Undefined where the row of the
 * journal itself is missing: a runner is creating the tables.
 *
 * @throws `JOURNAL.NEWER` for a journal of a later major, `JOURNAL.DAMAGED` for texts that are not a journal.
 */
export function parseJournal(texts: readonly string[]): JournalSnapshot | undefined {
  const rows = texts.map(parse)
  const [header] = collect(rows, 'journal')
  if (header === undefined) return undefined
  const { version, target, database, now, dialect, server, held, stored, mark } = header as Header & Held
  assertReadable(version)
  return {
    exists: true,
    version,
    target,
    database,
    server: { dialect, version: server },
    now,
    held,
    ...(stored === true ? { stored } : {}),
    ...(typeof mark === 'string' ? { mark } : {}),
    units: sorted(collect(rows, 'unit'), ({ migration, phase }) => [migration, PHASES.indexOf(phase)]),
    approvals: sorted(collect(rows, 'approval'), ({ id }) => [BigInt(id)]),
    evidence: sorted(collect(rows, 'evidence'), ({ migration, phase, gate }) => [migration, phase, gate]).map(
      ({ gate, ...record }) => record as unknown as EvidenceRecord,
    ),
    builds: sorted(
      collect(rows, 'build').map((build) => ({ ...build, uses: build.uses ?? {} })),
      ({ firstSeen, digest }) => [firstSeen, digest],
    ),
  }
}

function parse(text: string): JournalRow {
  let row: Partial<JournalRow> | null
  try {
    row = JSON.parse(text)
  } catch (error) {
    throw journalDamaged(error)
  }
  if (typeof row?.json !== 'object' || row.json === null)
    throw journalDamaged(new Error(`not a journal: ${text.slice(0, 60)}`))
  return row as JournalRow
}

function collect<P extends 'journal' | 'unit' | 'approval' | 'evidence' | 'build'>(
  rows: readonly JournalRow[],
  part: P,
): NonNullable<JournalRow[P]>[] {
  return rows.flatMap((row) => {
    const record = row[part]
    return record === undefined ? [] : [{ ...record, ...row.json } as NonNullable<JournalRow[P]>]
  })
}

type SortKey = readonly (string | number | bigint)[]

/** Texts in the order of their characters, as the server's binary collation has it. */
function sorted<R>(records: readonly R[], keyOf: (record: R) => SortKey): R[] {
  return records
    .map((record) => ({ record, key: keyOf(record) }))
    .sort((a, b) => compareKeys(a.key, b.key))
    .map(({ record }) => record)
}

function compareKeys(a: SortKey, b: SortKey): number {
  for (const [place, left] of a.entries()) {
    const right = b[place] as typeof left
    if (left !== right) return left < right ? -1 : 1
  }
  return 0
}
