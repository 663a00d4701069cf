import type { BuildManifest, ErrorEnvelope, JournalSnapshot } from '@phasegate/core'
import { judge } from '../verdict/judge.js'
import { STARTING, type Standing, statusWord } from '../verdict/standing.js'
import { describeGates } from './describe-gates.js'
import { countPending, describeMigrations, type KnownMigration } from './describe-migrations.js'
import type { JournalView, StatusDocument } from './status-document.js'

export interface DocumentInput {
  readonly manifest?: BuildManifest | undefined
  /** The journal as it was last read; undefined: never. */
  readonly snapshot?: JournalSnapshot | undefined
  /** The migrations of the files at hand, where there are any; default: those of the manifest. */
  readonly migrations?: readonly KnownMigration[] | undefined
  readonly instance?: string | undefined
  /** ms since the snapshot was read; default 0. */
  readonly ageMs?: number | undefined
  readonly stale?: boolean | undefined
  /** Why the last read failed. */
  readonly error?: ErrorEnvelope | null | undefined
  /** Default: a process that has just started. */
  readonly standing?: Standing | undefined
}

/**
 * The status document. Pure.
 *
 * @example
 * const document = buildDocument({ manifest, snapshot: await readJournal(run), migrations })
 */
export function buildDocument(input: DocumentInput): StatusDocument {
  const { manifest, snapshot } = input
  const standing = input.standing ?? STARTING
  const journal = describeJournal(input)
  const judgement = judge(manifest, snapshot, input.error)
  const migrations = describeMigrations(input.migrations, manifest, snapshot)
  const fresh = journal.error === null && !journal.stale
  return {
    schemaVersion: 1,
    status: statusWord(judgement.verdict, standing, fresh),
    verdict: judgement.verdict,
    reason: judgement.reason,
    application: manifest?.application ?? null,
    build: manifest?.build ?? null,
    instance: input.instance ?? null,
    draining: standing.draining,
    heartbeat: standing.heartbeat,
    journal,
    requires: judgement.requires,
    missing: judgement.missing,
    incompatibleWith: judgement.incompatibleWith,
    migrations,
    gates: snapshot === undefined ? {} : describeGates(snapshot, databaseNow(snapshot, input.ageMs ?? 0)),
    counts: countPending(migrations),
  }
}

/** The database's clock now, in ms since the epoch, as far as a snapshot of that age tells. */
export function databaseNow(snapshot: JournalSnapshot, ageMs: number): number {
  return Date.parse(snapshot.now) + ageMs
}

function describeJournal({ snapshot, ageMs, stale, error }: DocumentInput): JournalView {
  return {
    exists: snapshot?.exists ?? false,
    version: snapshot?.version ?? null,
    dialect: snapshot?.server.dialect ?? null,
    serverVersion: snapshot?.server.version ?? null,
    database: snapshot?.database ?? null,
    readAt: snapshot?.now ?? null,
    ageMs: snapshot === undefined ? null : Math.round(ageMs ?? 0),
    stale: stale ?? false,
    held: snapshot?.held ?? null,
    error: error ?? null,
  }
}
