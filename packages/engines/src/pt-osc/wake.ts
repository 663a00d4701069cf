/** Loaded into the tool by PERL5OPT; the name of the file is that of the module. */
export const WAKE_MODULE = 'PhasegateWake'
export const WAKE_FILE = `${WAKE_MODULE}.pm`
export const WAKE_SIGNAL = 'SIGUSR1'

/**
 * A tool that waits for its pause file to go looks once in 60 seconds, which no option changes (NibbleIterator, `sleep`). A signal
 * that is handled ends the sleep of Perl, and with it the pause; what it comes into the middle of else is not disturbed, since the
 * client libraries ask again after EINTR.
 */
const WAKE_TEXT = `package ${WAKE_MODULE};
$SIG{USR1} = sub {};
`

/**
 * @param before rows that runs before this one have copied, which it says first of all; null: unknown, undefined: there was none
 */
export function wakeText(before: number | null | undefined): string {
  const says = before === undefined ? '' : `print STDERR "${resumedLine(before)}\\n";\n`
  return `${WAKE_TEXT}${says}1;\n`
}

/** The tool itself says nothing of it, and counts from 0. */
export const resumedLine = (before: number | null): string => `# resumed after ${before ?? '?'} rows`
