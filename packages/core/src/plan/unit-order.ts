import type { CompiledMigration, CompiledUnit } from '../compiled/compiled-migration.js'
import type { DatabaseObject } from '../compiled/database-object.js'
import type { UnitId } from '../unit.js'
import { changesOf, conflicts, narrower, type ObjectChange, objectKey } from './unit-changes.js'

export interface Dependency {
  readonly on: UnitId
  readonly object: DatabaseObject
}

interface WaitingChange {
  readonly order: number
  readonly unit: UnitId
  readonly change: ObjectChange
  /** Of a unit that was reverted: only what it created, and somebody else needs, is missing. */
  readonly reverted: boolean
}

/** The changes of earlier units that will not be there when later ones run. */
export class UnitOrder {
  readonly #waiting = new Map<string, WaitingChange[]>()
  #count = 0

  /** Remembers a unit that is not applied and that this run will not apply before the ones to come. */
  addWaiting(unit: CompiledUnit): void {
    this.#add(unit, changesOf(unit), false)
  }

  /**
   * Remembers a unit that was undone and stays so. What it changed is not coming, so that a later migration may do the
   * same in another way; but one that uses what the reverted unit created cannot run.
   */
  addReverted(unit: CompiledUnit): void {
    this.#add(
      unit,
      changesOf(unit).filter((change) => change.action === 'create'),
      true,
    )
  }

  /** The first earlier unit that `unit` has to wait for. */
  dependency(migration: CompiledMigration, unit: CompiledUnit): Dependency | undefined {
    let first: (WaitingChange & { object: DatabaseObject }) | undefined
    for (const change of changesOf(unit)) {
      for (const waiting of this.#waiting.get(objectKey(change.object)) ?? []) {
        if (first !== undefined && waiting.order >= first.order) break
        if (!conflicts(waiting.change, change)) continue
        if (waiting.reverted && !usesReverted(migration, waiting.change, change)) continue
        first = { ...waiting, object: narrower(waiting.change.object, change.object) }
        break
      }
    }
    return first === undefined ? undefined : { on: first.unit, object: first.object }
  }

  #add(unit: CompiledUnit, changes: readonly ObjectChange[], reverted: boolean): void {
    const order = this.#count++
    for (const change of changes) {
      const key = objectKey(change.object)
      const list = this.#waiting.get(key) ?? []
      list.push({ order, unit: unit.id, change, reverted })
      this.#waiting.set(key, list)
    }
  }
}

/** A change of the whole table does not need a column of it that was undone; and what a migration creates itself is there. */
function usesReverted(migration: CompiledMigration, created: ObjectChange, change: ObjectChange): boolean {
  if (change.object.type === 'table' && created.object.type !== 'table') return false
  return !Object.values(migration.units).some((unit) =>
    changesOf(unit).some((own) => own.action === 'create' && conflicts(own, created)),
  )
}
