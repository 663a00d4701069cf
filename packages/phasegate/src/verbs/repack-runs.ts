import type { EngineRun, Session, Target } from '@phasegate/core'

/** Room that a table takes on the server's disk, in bytes. */
export interface TableBytes {
  /** Rows, and what is stored beside them (TOAST). */
  readonly table: number
  readonly indexes: number
  readonly total: number
}

/** Of events in the journal: a run of an engine outside of any migration. */
export const REPACK_RUN = 'engine.run'

/** What the verb `repack` has begun and not ended. */
export interface RepackRun {
  /** `schema.table` */
  readonly table: string
  readonly run: EngineRun
  readonly before: TableBytes
}

export async function standingRepacks({ journal }: Target, session: Session): Promise<readonly RepackRun[]> {
  const runs = (await journal.lastOfTables(session, REPACK_RUN)) as readonly unknown[]
  return (runs as readonly (Omit<RepackRun, 'run'> & { readonly run: EngineRun | null })[]).flatMap(
    ({ run, ...rest }) => (run === null ? [] : [{ ...rest, run }]),
  )
}
