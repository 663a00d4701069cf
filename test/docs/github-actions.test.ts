import { readFileSync } from 'node:fs'
import { NoOperationTraceWriter, parseWorkflow } from '@actions/workflow-parser'
import { expect, test } from 'vitest'
import { VERBS, verbName } from '../../packages/phasegate/src/verb-list.js'

const FILE = new URL('../../examples/github-actions/phasegate.yml', import.meta.url)
/** Flags of every verb. */
const GLOBAL = ['--format', '--database', '--json', '--quiet']

function errorsOf(content: string): readonly string[] {
  const { context } = parseWorkflow({ name: 'phasegate.yml', content }, new NoOperationTraceWriter())
  return context.errors.getErrors().map((error) => error.message)
}

test('the workflow is one that GitHub takes', () => {
  const content = readFileSync(FILE, 'utf8')
  expect(errorsOf(content)).toEqual([])
  // The schema that it was checked against is a strict one.
  expect(errorsOf(content.replace('runs-on:', 'runs-upon:'))).not.toEqual([])
})

test('it calls verbs and flags that there are', () => {
  const calls = [...readFileSync(FILE, 'utf8').matchAll(/npx phasegate (\S+)(.*)$/gm)]
  expect(calls.length).toBeGreaterThan(5)
  for (const [line, name, words] of calls) {
    const verb = VERBS.find((one) => verbName(one) === name)
    expect(verb, line).toBeDefined()
    const known = [...GLOBAL, ...(verb?.flags ?? []).map(([flag]) => flag.split(' ')[0])]
    for (const [flag] of words!.matchAll(/--[a-z-]+/g)) expect(known, line).toContain(flag)
    if (words!.includes('--format github')) expect(verb?.github, line).toBe(true)
  }
})
