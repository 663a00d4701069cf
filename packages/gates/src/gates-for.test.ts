import { describe, expect, it } from 'vitest'
import { migration, stub } from './gate-fixtures.test.support.js'
import { gatesFor } from './gates-for.js'

describe('gatesFor', () => {
  it('adds those of the config and of the migration to the default ones', () => {
    const own = stub('own', 'open')
    const config = stub('config', 'open')
    const gates = gatesFor(migration({ gates: { backfill: [own] } }), 'backfill', 'apply', { backfill: [config] })
    expect(gates.map((gate) => gate.name)).toEqual(['expandApplied', 'writersKnowBoth', 'config', 'own'])
  })

  it('removes none by giving another the same name, and asks the same object once', () => {
    const imposter = stub('approval', 'open')
    const gates = gatesFor(migration({ gates: { contract: [imposter] } }), 'contract', 'apply', {
      contract: [imposter],
    })
    expect(gates.filter((gate) => gate.name === 'approval')).toHaveLength(2)
  })

  it('keeps the gates of a revert apart from those of the phase', () => {
    const own = stub('own', 'open')
    const file = migration({ gates: { expand: [stub('expand', 'open')], revert: [own] } })
    expect(gatesFor(file, 'expand', 'revert').map((gate) => gate.name)).toEqual([
      'contractPending',
      'noBuildRequires',
      'own',
    ])
  })
})
