import {
  type BuildManifest,
  findUnit,
  isPhasegateError,
  type JournalSnapshot,
  parseUnitName,
  type UnitName,
  type UnitState,
} from '@phasegate/core'
import { readManifest } from '../manifest/read-manifest.js'
import { type Judgement, judge } from './judge.js'
import { isGood } from './standing.js'

/** A contract that is in the way of a build. */
export interface InTheWay {
  readonly unit: UnitName
  readonly state: UnitState
  /** What it has dropped: `users.verified_at`. Empty where it has not begun to, or was recorded without. */
  readonly destroyed: readonly string[]
}

export interface Fit extends Judgement {
  /** May the build start on this database now? */
  readonly fits: boolean
  readonly application: string
  readonly build: string
  readonly takenAway: readonly InTheWay[]
  /** Where it may not: the newest recorded build of the same application that may; null where none is recorded. */
  readonly newestFitting: { readonly build: string; readonly digest: string } | null
}

/**
 * May this build run on this database, and if not, what took it away and which one may? Pure.
 *
 * @param recorded build manifests of the application as JSON texts, the newest first
 */
export function judgeFit(manifest: BuildManifest, snapshot: JournalSnapshot, recorded: readonly string[]): Fit {
  const judgement = judge(manifest, snapshot)
  const fits = isGood(judgement.verdict)
  const fitting = fits
    ? undefined
    : recorded
        .flatMap(readable)
        .find((other) => other.digest !== manifest.digest && isGood(judge(other, snapshot).verdict))
  return {
    ...judgement,
    fits,
    application: manifest.application,
    build: manifest.build,
    takenAway: judgement.incompatibleWith.map((unit) => describeContract(unit, snapshot)),
    newestFitting: fitting === undefined ? null : { build: fitting.build, digest: fitting.digest },
  }
}

/** One that a newer version wrote, and that this one cannot read, is none that it could recommend. */
function readable(text: string): readonly BuildManifest[] {
  try {
    return [readManifest(JSON.parse(text) as BuildManifest)]
  } catch (error) {
    if (isPhasegateError(error)) return []
    throw error
  }
}

function describeContract(name: UnitName, snapshot: JournalSnapshot): InTheWay {
  const unit = parseUnitName(name)
  const record = unit && findUnit(snapshot, unit.migration, unit.phase)
  const { destroyed } = record?.detail ?? {}
  return { unit: name, state: record?.state ?? 'pending', destroyed: Array.isArray(destroyed) ? destroyed : [] }
}
