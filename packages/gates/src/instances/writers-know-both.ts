import type { Gate, GateContext } from '@phasegate/core'
import { answer } from '../answer.js'
import { concernedApplications } from './application-answer.js'
import { declaredUses, describeUse } from './declared-uses.js'
import { describeBuild, liveBuilds } from './live-builds.js'

const name = 'writersKnowBoth'

/**
 * Opens a backfill when rows written from now on get the new shape too: the migration declares `sync`, or the code
 * writes both. Where nothing reports it opens with a warning, since verification and contract still hold.
 */
export function writersKnowBoth(): Gate {
  return {
    name,
    cost: 0,
    check: async (context) => {
      const { migration } = context
      if (migration.hasSync) return answer(context, name, 'open', 'sync keeps both shapes equal in the database')
      const uses = declaredUses(migration)
      const old = uses.filter((use) => use.uses === 'old')
      if (old.length > 0) {
        const reason = `${old.map(describeUse).join(', ')}: rows written after the backfill would lack the new shape; deploy code that writes both, or declare sync`
        return answer(context, name, 'closed', reason)
      }
      const live = liveBuilds(context)
      const blind = live.filter((build) => build.uses === undefined || build.uses === 'old')
      if (blind.length > 0) {
        const reason = `live builds that do not write the new shape: ${blind.map(({ build }) => describeBuild(build)).join(', ')}`
        return answer(context, name, 'closed', reason)
      }
      if (live.length > 0)
        return answer(context, name, 'open', `every live build writes the new shape${unheard(context)}`)
      const declared = uses.every((use) => use.uses !== undefined)
      const reason = declared
        ? `${uses.map(describeUse).join(', ')} in ${migration.file}; no instance reports, so deploy that code everywhere first`
        : 'warning: the file does not say what its code writes and no instance reports; rows written by old code after the backfill are caught by verification only'
      return answer(context, name, 'open', reason)
    },
  }
}

/** Applications of which nobody knows what they write, as a warning. */
function unheard(context: GateContext): string {
  const { clients, snapshot } = context
  if (clients === undefined) return ''
  const silent = concernedApplications(context, clients)
    .filter(({ name, reports }) => !reports || !snapshot.builds.some((build) => build.application === name))
    .map(({ name }) => name)
  return silent.length === 0
    ? ''
    : `; warning: ${silent.join(', ')} does not report, and what it writes after the backfill is caught by verification only`
}
