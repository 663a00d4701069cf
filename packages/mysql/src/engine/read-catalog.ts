import { EXIT, PhasegateError, type Row, type Session } from '@phasegate/core'

/** ER_WARN_I_S_SKIPPED_TABLE */
const SKIPPED = 1684
const LOOKS = 20

/**
 * Rows of information_schema. MariaDB leaves out, with no more than a warning, a table whose shape somebody is changing at that
 * moment (measured on 10.11.19), and what is left out would be taken for gone: so it is asked again, for a second at most.
 *
 * @throws `ENGINE.TABLE_BUSY`
 */
export async function readCatalog<R extends Row>(
  session: Session,
  text: string,
  values: readonly unknown[],
): Promise<readonly R[]> {
  for (let look = 0; look < LOOKS; look++) {
    const rows = await session.query<R>(text, values)
    const warnings = await session.query<{ Code: string | number; Message: string }>('SHOW WARNINGS')
    if (!warnings.some(({ Code }) => Number(Code) === SKIPPED)) return rows
    await session.query('DO SLEEP(0.05)')
  }
  throw new PhasegateError({
    code: 'ENGINE.TABLE_BUSY',
    message: 'The server does not say what is there: somebody is changing the shape of the table.',
    next: ['Run the same command again when that statement is over (SHOW FULL PROCESSLIST shows it).'],
    exit: EXIT.failed,
  })
}
