import type { Session } from '@phasegate/core'

/** What a step's probe answers: `done`, `absent`, … */
export async function askProbe(session: Session, probe: string): Promise<unknown> {
  const [row] = await session.query(probe)
  return Object.values(row ?? {})[0] ?? 'absent'
}
