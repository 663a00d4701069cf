import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { unitsOf } from '../compiled/compiled-migration.js'
import { PHASES } from '../phase.js'
import { UNIT_STATES, unitName } from '../unit.js'
import { migration, record, snapshot, type UnitSketch } from './plan-fixtures.test.support.js'
import { type PlannedUnit, planUnits } from './plan-units.js'
import { changesOf, conflicts } from './unit-changes.js'

const action = fc.constantFrom('create', 'drop', 'alter', 'write', 'read' as const)
const name = fc.constantFrom('users', 'users.a', 'users.b', 'orders', 'orders.a')
const sketch: fc.Arbitrary<UnitSketch> = fc.array(fc.tuple(action, name), { maxLength: 2 })
const column = fc.tuple(fc.constantFrom('read', 'write'), fc.constantFrom('users.a', 'users.b'))
const phases = fc.record(
  { expand: sketch, backfill: fc.array(column, { minLength: 1, maxLength: 2 }), contract: sketch },
  { requiredKeys: [] },
)
const world = fc
  .record({
    sketches: fc.array(phases, { minLength: 1, maxLength: 5 }),
    states: fc.array(fc.tuple(fc.nat(4), fc.constantFrom(...PHASES), fc.constantFrom(...UNIT_STATES)), {
      maxLength: 9,
    }),
    edited: fc.array(fc.constantFrom(...PHASES), { maxLength: 1 }),
  })
  .map(({ sketches, states, edited }) => {
    const unique = new Map(
      states.map(([index, phase, state]) => [`${index}:${phase}`, record(`${index}`, phase, state)]),
    )
    // Revert undoes an expand, and its backfill with it: no journal has a contract that was reverted, nor a backfill alone.
    for (const unit of [...unique.values()]) {
      if (unit.state !== 'reverted' && unit.state !== 'reverting') continue
      unique.delete(unitName(unit))
      const expand = record(unit.migration, 'expand', unit.state)
      unique.set(unitName(expand), expand)
      const backfill = record(unit.migration, 'backfill', 'reverted')
      if (unit.phase === 'backfill') unique.set(unitName(backfill), backfill)
    }
    return {
      migrations: sketches.map((each, index) => migration(`${index}`, each as typeof each & object, edited)),
      snapshot: snapshot(...unique.values()),
    }
  })
const lane = fc.constantFrom(...PHASES, 'up' as const)

const strip = (planned: readonly PlannedUnit[]): unknown =>
  planned.map(({ migration: _file, unit, record: _record, ...rest }) => ({ id: unit.id, ...rest }))
const willRun = (entry: PlannedUnit): boolean => entry.state === 'ready'

describe('planUnits, for any files and journal', () => {
  it('lists each unit of the lane once, in order, whatever the order of the files', () => {
    fc.assert(
      fc.property(world, lane, ({ migrations, snapshot }, lane) => {
        const planned = planUnits({ migrations, snapshot, lane })
        const expected = migrations.flatMap(unitsOf).filter(({ id }) => lane === 'up' || id.phase === lane)
        expect(planned.map((entry) => unitName(entry.unit.id))).toEqual(expected.map(({ id }) => unitName(id)))
        expect(strip(planUnits({ migrations: [...migrations].reverse(), snapshot, lane }))).toEqual(strip(planned))
      }),
    )
  })

  it('runs no fresh unit before an earlier one that conflicts and will not be there', () => {
    fc.assert(
      fc.property(world, lane, ({ migrations, snapshot }, lane) => {
        const planned = planUnits({ migrations, snapshot, lane })
        const there = (id: string): boolean =>
          snapshot.units.some((unit) => unitName(unit) === id && unit.state === 'applied') ||
          planned.some((entry) => unitName(entry.unit.id) === id && willRun(entry))
        const reverted = new Set(
          PHASES.flatMap((phase) => planUnits({ migrations, snapshot, lane: phase }))
            .filter((entry) => entry.state === 'reverted')
            .map((entry) => unitName(entry.unit.id)),
        )
        for (const entry of planned) {
          if (entry.state !== 'ready' || entry.resume) continue
          for (const earlier of migrations.filter((file) => file.name < entry.migration.name).flatMap(unitsOf)) {
            const id = unitName(earlier.id)
            if (there(id) || reverted.has(id)) continue
            const clash = changesOf(earlier).some((a) => changesOf(entry.unit).some((b) => conflicts(a, b)))
            expect(clash, `${unitName(entry.unit.id)} before ${id}`).toBe(false)
          }
        }
      }),
      { numRuns: 300 },
    )
  })

  it('blocks only on an earlier unit that is not applied and that concerns the same thing', () => {
    fc.assert(
      fc.property(world, fc.constantFrom(...PHASES), ({ migrations, snapshot }, lane) => {
        for (const entry of planUnits({ migrations, snapshot, lane })) {
          if (entry.state !== 'blocked') continue
          expect(entry.by.migration < entry.unit.id.migration).toBe(true)
          const by = migrations.flatMap(unitsOf).find((unit) => unitName(unit.id) === unitName(entry.by))!
          expect(snapshot.units.find((unit) => unitName(unit) === unitName(by.id))?.state).not.toBe('applied')
          expect(changesOf(by).some((a) => changesOf(entry.unit).some((b) => conflicts(a, b)))).toBe(true)
        }
      }),
      { numRuns: 300 },
    )
  })

  it('runs no more when more is held', () => {
    fc.assert(
      fc.property(world, lane, fc.nat(20), ({ migrations, snapshot }, lane, pick) => {
        const free = planUnits({ migrations, snapshot, lane })
        const ready = free.filter(willRun)
        if (ready.length === 0) return
        const held = [ready[pick % ready.length]!.unit.id]
        const runs = new Set(ready.map((entry) => unitName(entry.unit.id)))
        for (const entry of planUnits({ migrations, snapshot, lane, held }).filter(willRun)) {
          expect(runs.has(unitName(entry.unit.id))).toBe(true)
        }
      }),
    )
  })

  it('leaves nothing to run after everything that was ready has run', () => {
    fc.assert(
      fc.property(world, lane, ({ migrations, snapshot: before }, lane) => {
        const done = planUnits({ migrations, snapshot: before, lane })
          .filter(willRun)
          .map(({ unit }) => ({
            ...record(unit.id.migration, unit.id.phase, 'applied'),
            fingerprint: unit.fingerprint,
          }))
        const names = new Set(done.map(unitName))
        const after = { ...before, units: [...before.units.filter((unit) => !names.has(unitName(unit))), ...done] }
        expect(planUnits({ migrations, snapshot: after, lane }).filter(willRun)).toEqual([])
      }),
      { numRuns: 300 },
    )
  })
})
