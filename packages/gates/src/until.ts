import type { GateContext } from '@phasegate/core'

/** ISO time so many ms from now, by the database's clock. */
export function after({ snapshot }: Pick<GateContext, 'snapshot'>, ms: number): string {
  return new Date(Date.parse(snapshot.now) + ms).toISOString()
}
