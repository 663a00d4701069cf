import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { readReport } from '../../scripts/test-report.mjs'

const dir = mkdtempSync(join(tmpdir(), 'phasegate-report-'))
afterAll(() => rmSync(dir, { recursive: true }))

describe('the count of a test run', () => {
  test('counts what passed, failed and was skipped', () => {
    const report = written([file('failed', ['passed', 'passed', 'failed', 'skipped', 'todo'])])
    expect(readReport(report)).toMatchObject({ passed: 2, failed: 1, skipped: 2 })
  })

  test('counts a file that did not load as a failure', () => {
    expect(readReport(written([file('failed', []), file('passed', ['passed'])]))).toMatchObject({
      passed: 1,
      failed: 1,
    })
  })

  test('counts a file whose tests passed and whose hook failed as a failure', () => {
    expect(readReport(written([file('failed', ['passed'])]))).toMatchObject({ passed: 1, failed: 1 })
  })

  test('names suites that lacked something, and no others', () => {
    const title = 'old servers (PostgreSQL 15) [skipped, missing PostgreSQL 15: apt-get]'
    const report = written([file('passed', ['skipped', 'skipped'], [title, 'inner']), file('passed', ['skipped'])])
    expect(readReport(report)).toMatchObject({ skipped: 3, missing: [{ title, tests: 2 }] })
  })

  test('names what passed at the second attempt only, and counts it as passed', () => {
    expect(readReport(written([file('passed', ['passed', 'passed again'])]))).toMatchObject({
      passed: 2,
      failed: 0,
      again: [{ test: 'suite passed again', because: 'Error: too late' }],
    })
  })

  test('is absent where vitest left no report', () => {
    expect(readReport(join(dir, 'nothing.json'))).toBeUndefined()
  })
})

function file(status: string, tests: string[], ancestorTitles: string[] = ['suite']) {
  return {
    name: 'x.test.ts',
    status,
    message: '',
    assertionResults: tests.map((one) => ({
      status: one === 'passed again' ? 'passed' : one,
      ancestorTitles,
      fullName: `${ancestorTitles.join(' ')} ${one}`,
      failureMessages: one === 'passed again' ? ['Error: too late\n    at x'] : [],
    })),
  }
}

function written(testResults: unknown[]): string {
  const path = join(dir, 'report.json')
  writeFileSync(path, JSON.stringify({ testResults }))
  return path
}
