import type { JournalSnapshot, UnitRecord } from '@phasegate/core'
import { describe, expect, it } from 'vitest'
import { describeMigrations } from './describe-migrations.js'

const at = '2026-11-22T09:30:00.000000Z'

function backfill(detail: Readonly<Record<string, unknown>>) {
  const unit = { migration: 'm', phase: 'backfill', state: 'applied', since: at, fingerprint: '1:a', detail }
  const snapshot = { units: [unit as unknown as UnitRecord] } as unknown as JournalSnapshot
  return describeMigrations(undefined, undefined, snapshot)[0]?.phases.backfill
}

describe('a backfill in the document', () => {
  it('says how it was proven, and which rows are in quarantine', () => {
    const verified = { proof: 'compared', rows: 9, at, passes: 2 }
    const quarantined = { rows: 2, sampleKeys: ['17', '42'], error: { code: '23514', message: 'no' } }
    expect(backfill({ verified, quarantined })).toMatchObject({
      verified,
      quarantine: { rows: 2, sampleKeys: ['17', '42'] },
    })
    expect(backfill({ verified: { ...verified, proof: 'ranges whole' }, quarantined: null })).toMatchObject({
      verified: { proof: 'ranges whole' },
      quarantine: null,
    })
  })

  it.each([{}, { verified: null }, { verified: true }, { verified: { proof: 'believed' } }])(
    'claims no proof where the journal has %j',
    (detail) => {
      expect(backfill(detail)).toMatchObject({ verified: null, quarantine: null })
    },
  )
})
