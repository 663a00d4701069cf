import { onTestFinished, TestRunner } from 'vitest'

/**
 * Runs `work` when the current test ends, whatever its result; what it throws fails the test. Outside a test (in
 * `beforeAll`) it does nothing: what was made there is its maker's to give back.
 */
export function atTestEnd(work: () => void | Promise<void>): void {
  if (TestRunner.getCurrentTest() !== undefined) onTestFinished(work)
}
