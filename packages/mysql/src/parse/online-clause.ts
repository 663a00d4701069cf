import type { Capabilities } from '../server/capabilities.js'
import type { Work } from './clause-work.js'

/**
 * The ALGORITHM and LOCK that make the server refuse instead of blocking: `['ALGORITHM=INPLACE', 'LOCK=NONE']`. Undefined
 * for what blocks in any case, which the safety rules refuse.
 */
export function onlineClause(work: Work, can: Capabilities): readonly string[] | undefined {
  if (work.blocksWrites) return undefined
  // MySQL takes no LOCK beside INSTANT (error 1221), and MariaDB needs none.
  if (work.algorithm === 'INSTANT') return ['ALGORITHM=INSTANT']
  const algorithm = work.algorithm === 'NOCOPY' ? can.indexAlgorithm : work.algorithm
  return [`ALGORITHM=${algorithm}`, 'LOCK=NONE']
}
