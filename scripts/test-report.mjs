import { existsSync, readFileSync } from 'node:fs'

/**
 * What vitest's JSON reporter wrote, as far as it is read here.
 *
 * @typedef {{ status: string, ancestorTitles: string[], fullName: string, failureMessages: string[] }} Assertion
 * @typedef {{ name: string, status: string, message: string, assertionResults: Assertion[] }} FileResult
 * @typedef {{ testResults: FileResult[] }} Report
 *
 * @typedef {{ passed: number, failed: number, skipped: number, missing: { title: string, tests: number }[],
 *   again: { test: string, because: string }[] }} Counts
 */

/**
 * Counts a report. A file that failed without a failed test (it did not load, a hook threw) counts as one failure.
 *
 * @param {string} file
 * @returns {Counts | undefined} undefined where there is no readable report
 */
export function readReport(file) {
  if (!existsSync(file)) return undefined
  /** @type {Report} */
  const report = JSON.parse(readFileSync(file, 'utf8'))
  const counts = { passed: 0, failed: 0, skipped: 0 }
  /** @type {Map<string, number>} */
  const missing = new Map()
  /** @type {Counts['again']} */
  const again = []
  for (const result of report.testResults) {
    let failedHere = 0
    for (const test of result.assertionResults) {
      if (test.status === 'passed') {
        counts.passed++
        // Of the attempt before.
        const because = test.failureMessages[0]?.split('\n')[0]
        if (because !== undefined) again.push({ test: test.fullName, because })
      } else if (test.status === 'failed') failedHere++
      else {
        counts.skipped++
        // The mark that test/support/servers.ts puts into the title of a suite that lacks something.
        const title = test.ancestorTitles.find((ancestor) => ancestor.includes('[skipped, missing '))
        if (title !== undefined) missing.set(title, (missing.get(title) ?? 0) + 1)
      }
    }
    counts.failed += result.status === 'failed' ? Math.max(failedHere, 1) : failedHere
  }
  return { ...counts, missing: [...missing].map(([title, tests]) => ({ title, tests })), again }
}

/**
 * The servers that test/support/global-setup.ts found.
 *
 * @param {string} file
 * @returns {string[]}
 */
export function readServers(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []
}
