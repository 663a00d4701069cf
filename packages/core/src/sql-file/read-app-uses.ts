import { APP_USES, type AppUses, type AppUsesDeclaration } from '../authoring/app-uses.js'
import type { SourceLocation } from '../error/phasegate-error.js'
import { nearestName } from '../nearest-name.js'
import { sqlFileError } from './sql-file-errors.js'

const HOW = 'Write -- app-uses: both, or one value an application: -- app-uses: api=new worker=both'

/**
 * Reads `both`, or `api=new worker=both`.
 *
 * @throws `MIGRATION.BAD_SETTING`
 */
export function readAppUses(value: string, where: SourceLocation): AppUsesDeclaration {
  const entries = value.split(/[\s,]+/).filter((entry) => entry !== '')
  const [first] = entries
  if (first === undefined) throw sqlFileError('MIGRATION.BAD_SETTING', 'app-uses has no value.', where, [HOW])
  if (entries.length === 1 && !first.includes('=')) return asAppUses(first, where)
  const uses: [string, AppUses][] = entries.map((entry) => {
    const [application = '', written = '', rest] = entry.split('=')
    if (application === '' || written === '' || rest !== undefined) {
      throw sqlFileError('MIGRATION.BAD_SETTING', `app-uses cannot be read at '${entry}'.`, where, [HOW])
    }
    return [application, asAppUses(written, where)]
  })
  const twice = uses.find(([application], index) => uses.findIndex(([other]) => other === application) < index)
  if (twice !== undefined) {
    throw sqlFileError('MIGRATION.BAD_SETTING', `app-uses names ${twice[0]} twice.`, where, ['Keep one of the two.'])
  }
  return Object.fromEntries(uses)
}

function asAppUses(written: string, where: SourceLocation): AppUses {
  const value = APP_USES.find((known) => known === written)
  if (value !== undefined) return value
  const nearest = nearestName(written, APP_USES)
  throw sqlFileError('MIGRATION.BAD_SETTING', `app-uses is old, both or new, not '${written}'.`, where, [
    nearest === undefined ? HOW : `Did you mean '${nearest}'?`,
  ])
}
