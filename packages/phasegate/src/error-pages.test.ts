import { readdirSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'

const ROOT = fileURLToPath(new URL('../../../', import.meta.url))
const PAGES = join(ROOT, 'docs', 'errors')

/** Every dotted code written as a string in the source of a package, and `code: '…'` without a dot. */
function codesIn(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
    .flatMap((file) => {
      const text = readFileSync(join(folder, file), 'utf8').replace(/^\s*(\/\/|\*|\/\*).*$/gm, '')
      const dotted = [...text.matchAll(/'([A-Z]{2,}[A-Z_]*\.[A-Z_]*[A-Z])'/g)]
      const plain = [...text.matchAll(/new PhasegateError\(\{\s*code: '([A-Z_]+)'|error: \{ code: '([A-Z_]+)'/g)]
      return [...dotted, ...plain].map((match) => match[1] ?? match[2]!)
    })
}

/** Rules of the safety check have their own pages, docs/rules. */
function rules(): readonly string[] {
  const text = readFileSync(join(ROOT, 'packages/safety/src/rule-table.ts'), 'utf8')
  return [...text.matchAll(/'([A-Z_]+\.[A-Z_]+)':/g)].map((match) => match[1]!)
}

const packages = readdirSync(join(ROOT, 'packages')).map((name) => join(ROOT, 'packages', name, 'src'))
const codes = [...new Set(packages.flatMap(codesIn))].filter((code) => !rules().includes(code)).sort()
const pages = readdirSync(PAGES)
  .map((file) => basename(file, '.md'))
  .sort()

test('every error code has a page', () => {
  expect(codes.length).toBeGreaterThan(50)
  expect(codes.filter((code) => !pages.includes(code))).toEqual([])
})

test('every page is of a code that exists', () => {
  expect(pages.filter((page) => !codes.includes(page))).toEqual([])
})

test.each(pages)('%s says what happened, why, and what to do', (page) => {
  const text = readFileSync(join(PAGES, `${page}.md`), 'utf8')
  expect(text.split('\n')[0]).toBe(`# ${page}`)
  expect(text).toMatch(/\n\*\*Why\.\*\* .+\n/)
  expect(text).toMatch(/\n\*\*What to do\.\*\* .+\n/)
})
