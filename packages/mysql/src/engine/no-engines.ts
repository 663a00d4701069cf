import type { EngineTarget } from '@phasegate/core'

/** Until this dialect has an engine: none is offered, so that nothing is ever asked. */
const refuse = async (): Promise<never> => {
  throw new Error('no engine works here yet')
}

export const NO_ENGINES: EngineTarget = {
  engines: [],
  connection: refuse,
  inspect: refuse,
  unmet: refuse,
  refreshStatistics: refuse,
  freeBytes: refuse,
  extensionVersion: refuse,
  existing: refuse,
  sessionsOn: refuse,
  removeLeftovers: refuse,
  swap: refuse,
}
