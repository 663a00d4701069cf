import type { AppUses, BuildManifest, JournalSnapshot, Phase, UnitRecord, UnitState } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { judge } from './judge.js'

const EMAIL = '20261122093000_email_verified'

const manifest = (
  ...migrations: [name: string, appUses: AppUses | null, phases?: Phase[] | undefined][]
): BuildManifest => ({
  schemaVersion: 1,
  application: 'api',
  build: 'abc',
  createdAt: '2026-11-22T09:30:00Z',
  digest: 'd',
  migrations: migrations.map(([name, appUses, phases = ['expand', 'backfill', 'contract']]) => ({
    name,
    appUses,
    phases,
    fingerprints: {},
  })),
})

const unit = (migration: string, phase: Phase, state: UnitState, pointOfNoReturn = false): UnitRecord => ({
  migration,
  phase,
  state,
  fingerprint: '1:a',
  attempts: 1,
  actor: null,
  since: '2026-11-22T09:30:00Z',
  startedAt: null,
  finishedAt: null,
  error: null,
  request: null,
  pointOfNoReturn,
  detail: {},
  progress: null,
})

const journal = (...units: UnitRecord[]): JournalSnapshot => ({
  exists: true,
  version: 1,
  target: 't',
  database: 'shop',
  server: { dialect: 'postgres', version: '18.4' },
  now: '2026-11-22T10:00:00Z',
  held: null,
  units,
  approvals: [],
  evidence: [],
  builds: [],
})

const expanded = unit(EMAIL, 'expand', 'applied')
const filled = unit(EMAIL, 'backfill', 'applied')

describe('what a build requires', () => {
  it.each([
    ['old', undefined, []],
    ['both', undefined, [`${EMAIL}:expand`]],
    ['new', undefined, [`${EMAIL}:backfill`]],
    ['new', ['expand', 'contract'], [`${EMAIL}:expand`]],
    ['both', ['contract'], []],
    [null, undefined, []],
  ] satisfies [AppUses | null, Phase[] | undefined, string[]][])('%s with %s requires %s', (uses, phases, requires) => {
    expect(judge(manifest([EMAIL, uses, phases]), journal()).requires).toEqual(requires)
  })
})

describe('verdict', () => {
  it('is compatible when all that is required is applied, whatever else is pending', () => {
    expect(judge(manifest([EMAIL, 'both']), journal(expanded)).verdict).toBe('compatible')
  })

  it('is behind while a required unit is not applied, and says in which state it is', () => {
    const judged = judge(manifest([EMAIL, 'new']), journal(expanded, unit(EMAIL, 'backfill', 'running')))
    expect(judged).toMatchObject({ verdict: 'behind', missing: [`${EMAIL}:backfill`] })
    expect(judged.reason).toContain(`${EMAIL}:backfill (running)`)
  })

  it.each(['failed', 'interrupted', 'reverting', 'reverted', 'verifying'] as const)(
    'counts %s as not applied',
    (state) => {
      expect(judge(manifest([EMAIL, 'both']), journal(unit(EMAIL, 'expand', state))).verdict).toBe('behind')
    },
  )

  it('is behind, not initialised, without a journal when anything is required', () => {
    const none = { ...journal(), exists: false }
    expect(judge(manifest([EMAIL, 'both']), none)).toMatchObject({
      verdict: 'behind',
      reason: 'not initialised: the database has no journal',
    })
    expect(judge(manifest([EMAIL, 'old']), none).verdict).toBe('compatible')
    expect(judge(undefined, none)).toMatchObject({
      verdict: 'compatible',
      reason: expect.stringContaining('no build manifest'),
    })
  })

  it.each(['contracting', 'running', 'interrupted', 'applied'] as const)(
    'is incompatible for a build that uses the old shape of a contract that is %s',
    (state) => {
      for (const uses of ['old', 'both'] as const)
        expect(judge(manifest([EMAIL, uses]), journal(expanded, filled, unit(EMAIL, 'contract', state)))).toMatchObject(
          {
            verdict: 'incompatible',
            incompatibleWith: [`${EMAIL}:contract`],
          },
        )
      expect(judge(manifest([EMAIL, 'new']), journal(expanded, filled, unit(EMAIL, 'contract', state))).verdict).toBe(
        'compatible',
      )
    },
  )

  it('lets a failed contract count from its first step on', () => {
    const failed = (past: boolean): JournalSnapshot => journal(expanded, unit(EMAIL, 'contract', 'failed', past))
    expect(judge(manifest([EMAIL, 'both']), failed(false)).verdict).toBe('compatible')
    expect(judge(manifest([EMAIL, 'both']), failed(true)).verdict).toBe('incompatible')
    const begun = { ...unit(EMAIL, 'contract', 'failed'), detail: { begun: true } }
    expect(judge(manifest([EMAIL, 'both']), journal(expanded, begun)).verdict).toBe('incompatible')
  })

  it('ignores contracts of migrations that do not concern the application', () => {
    expect(judge(manifest([EMAIL, null]), journal(unit(EMAIL, 'contract', 'applied'))).verdict).toBe('compatible')
  })

  it('is ahead when the database knows units of which the build has not heard, and which take nothing away', () => {
    const judged = judge(
      manifest([EMAIL, 'both']),
      journal(expanded, unit('20270101000000_later', 'expand', 'applied')),
    )
    expect(judged).toMatchObject({ verdict: 'ahead', reason: expect.stringContaining('20270101000000_later:expand') })
  })

  it('is incompatible with a contract that may have been written after the build', () => {
    const judged = judge(manifest([EMAIL, 'new']), journal(filled, unit('20270101000000_later', 'contract', 'applied')))
    expect(judged).toMatchObject({ verdict: 'incompatible', incompatibleWith: ['20270101000000_later:contract'] })
  })

  it('takes a contract older than all that the build knows for a file that was deleted', () => {
    const judged = judge(
      manifest([EMAIL, 'both']),
      journal(expanded, unit('20200101000000_gone', 'contract', 'applied')),
    )
    expect(judged.verdict).toBe('ahead')
  })

  it('takes a build that knows no migration for one from before the first', () => {
    expect(judge(manifest(), journal(unit(EMAIL, 'contract', 'applied'))).verdict).toBe('incompatible')
    expect(judge(manifest(), journal(expanded)).verdict).toBe('ahead')
  })

  it('minds a contract that it has not heard of only where that concerns its application', () => {
    const later = (applications: readonly string[] | null): JournalSnapshot =>
      journal(filled, { ...unit('20270101000000_later', 'contract', 'applied'), detail: { applications } })
    expect(judge(manifest([EMAIL, 'new']), later(['billing'])).verdict).toBe('ahead')
    expect(judge(manifest([EMAIL, 'new']), later(['billing', 'api'])).verdict).toBe('incompatible')
    expect(judge(manifest([EMAIL, 'new']), later(null)).verdict).toBe('incompatible')
  })

  it('prefers incompatible to behind', () => {
    expect(judge(manifest([EMAIL, 'both']), journal(unit(EMAIL, 'contract', 'applied'))).verdict).toBe('incompatible')
  })

  it('is unknown while the journal was never read, with the GRANTs where they are missing', () => {
    expect(judge(manifest([EMAIL, 'old']), undefined).verdict).toBe('unknown')
    const error = { code: 'JOURNAL.FORBIDDEN', message: 'No.', next: [], meta: { grants: ['GRANT x;'] } }
    expect(judge(undefined, undefined, error)).toMatchObject({ verdict: 'unknown', reason: 'No. Run: GRANT x;' })
  })
})
