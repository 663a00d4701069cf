import type { Gate } from '@phasegate/core'
import { answer } from '../answer.js'
import { describeBuild, liveBuilds } from './live-builds.js'

const name = 'noBuildRequires'

/** Opens a revert when no live instance runs code that needs the new shape (`appUses` both or new). */
export function noBuildRequires(): Gate {
  return {
    name,
    cost: 0,
    check: async (context) => {
      const live = liveBuilds(context)
      const requiring = live.filter(({ uses }) => uses === 'both' || uses === 'new')
      if (requiring.length > 0) {
        const builds = requiring.map(({ build, uses }) => `${describeBuild(build)} says '${uses}'`)
        return answer(context, name, 'closed', `live builds require ${context.migration.name}: ${builds.join(', ')}`)
      }
      if (live.length > 0) return answer(context, name, 'open', `no live build requires ${context.migration.name}`)
      return answer(
        context,
        name,
        'open',
        'warning: no instance reports; make sure that no running code needs the new shape',
      )
    },
  }
}
