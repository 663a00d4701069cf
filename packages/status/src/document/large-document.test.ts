import type { ApprovalRecord, BuildManifest, EvidenceRecord, JournalSnapshot, UnitRecord } from '@phasegate/core'
import { expect, test } from 'vitest'
import { buildDocument } from './build-document.js'
import { documentJson } from './document-json.js'

const NOW = '2026-11-22T12:00:00.000Z'
const PHASES = ['expand', 'backfill', 'contract'] as const
const GATES = ['expandApplied', 'backfillApplied', 'appUsesNew', 'noInstanceUsesOld', 'backfillVerified']
const names = Array.from({ length: 10_000 }, (_, n) => `20260101${String(n).padStart(6, '0')}_m`)

const manifest = {
  application: 'api',
  build: 'b',
  migrations: names.map((name) => ({ name, phases: PHASES, appUses: 'new', fingerprints: {} })),
} as unknown as BuildManifest

/** Every unit is applied, and each contract has its evidence. */
const journal = (): JournalSnapshot => ({
  exists: true,
  version: 4,
  target: 't',
  database: 'shop',
  server: { dialect: 'postgres', version: '18.0' },
  now: NOW,
  held: null,
  units: names.flatMap((migration) =>
    PHASES.map(
      (phase) => ({ migration, phase, state: 'applied', fingerprint: '1:a', detail: {} }) as unknown as UnitRecord,
    ),
  ),
  approvals: [],
  evidence: names.flatMap((migration) => GATES.map((name) => evidence(migration, name))),
  builds: [],
})

function evidence(migration: string, name: string, expiresAt?: string): EvidenceRecord {
  const check = { name, state: 'open', reason: 'seen', observedAt: NOW, ...(expiresAt && { expiresAt }) } as const
  return { migration, phase: 'contract', check }
}

test('a document of ten thousand migrations takes no time that grows with their square, and none when nothing changed', () => {
  const snapshot = journal()
  const timed = (given: JournalSnapshot, ageMs: number) => {
    const start = performance.now()
    const document = buildDocument({ manifest, snapshot: given, ageMs })
    documentJson(document)
    return { document, ms: performance.now() - start }
  }
  const first = timed(snapshot, 0)
  // With a look at all evidence for each unit it was over a minute.
  expect(first.ms).toBeLessThan(8_000)
  expect(first.document).toMatchObject({ verdict: 'compatible', counts: { expand: 0, backfill: 0, contract: 0 } })
  expect(first.document.migrations).toHaveLength(10_000)
  expect(
    Object.values(first.document.gates).every(({ state, checks }) => state === 'open' && checks.length === 5),
  ).toBe(true)
  // Another poll that found the journal as it was.
  const again = timed({ ...snapshot, now: '2026-11-22T12:01:00.000Z' }, 500)
  expect(again.document.migrations).toBe(first.document.migrations)
  expect(again.document.gates).toBe(first.document.gates)
  expect(again.document.journal).toMatchObject({ ageMs: 500, readAt: '2026-11-22T12:01:00.000Z' })
  expect(timed(journal(), 0).document.migrations).not.toBe(first.document.migrations)
})

test('what is remembered of gates ends with the evidence or the decision that ends', () => {
  const override = {
    id: '1',
    migration: 'm',
    phase: 'contract',
    kind: 'override',
    gate: 'b',
    actor: { by: 'ann', through: {} },
    expiresAt: '2026-11-22T12:00:02.000Z',
    revokedAt: null,
    usedAt: null,
  } as unknown as ApprovalRecord
  const closed = evidence('m', 'b')
  const snapshot = {
    ...journal(),
    units: [],
    evidence: [
      evidence('m', 'a', '2026-11-22T12:00:01.000Z'),
      { ...closed, check: { ...closed.check, state: 'closed' } },
    ],
    approvals: [override],
  } satisfies JournalSnapshot
  const seen = [0, 999, 1000, 1999, 2000, 999].map((ageMs) => {
    const gate = buildDocument({ snapshot, ageMs }).gates['m:contract']
    return [gate?.state, gate?.checks[0]?.expired, gate?.overrides[0]?.standing]
  })
  expect(seen).toEqual([
    ['open', false, true],
    ['open', false, true],
    ['unknown', true, true],
    ['unknown', true, true],
    ['closed', true, false],
    ['open', false, true],
  ])
})

test('the document that is served is the document', () => {
  const document = buildDocument({
    manifest: { ...manifest, migrations: manifest.migrations.slice(0, 2) },
    instance: 'é😀',
  })
  expect(JSON.parse(documentJson(document).toString())).toEqual(JSON.parse(JSON.stringify(document)))
})
