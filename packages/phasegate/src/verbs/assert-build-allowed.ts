import { declaredUses, EXIT, findUnit, PhasegateError } from '@phasegate/core'
import type { RunnerContext } from '@phasegate/runner'

/**
 * These files may be of a build that is older than the database: one that says `old` or `both` where contract has
 * started must not change anything any more.
 *
 * @throws `BUILD.USES_OLD` (exit 5)
 */
export async function assertBuildAllowed(context: RunnerContext): Promise<void> {
  const session = await context.target.openSession('check')
  try {
    const snapshot = await context.target.journal.read(session)
    for (const migration of context.migrations) {
      const contract = findUnit(snapshot, migration.name, 'contract')
      const takenAway = contract !== undefined && (contract.pointOfNoReturn || contract.state === 'applied')
      const uses = declaredUses(migration.appUses).filter((use) => use !== 'new')
      if (takenAway && uses[0] !== undefined) throw usesOld(migration.name, migration.file, uses[0])
    }
  } finally {
    await session.close()
  }
}

function usesOld(name: string, file: string, use: string): PhasegateError {
  return new PhasegateError({
    code: 'BUILD.USES_OLD',
    message: `These files are of a build that says '${use}' to ${name}, whose contract has taken the old shape away.`,
    why: 'The build is older than the database, or its appUses was not changed with its code.',
    next: ['Run this from the newest build.', "If the code uses only the new shape, say appUses: 'new' in the file."],
    where: { file },
    exit: EXIT.incompatible,
  })
}
