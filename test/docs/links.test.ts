import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { LATER_KEYS } from '../../packages/phasegate/src/config/config-schema.js'
import { ENVIRONMENT_TWINS } from '../../packages/phasegate/src/config/environment.js'
import { LATER_VERBS, VERBS, verbName } from '../../packages/phasegate/src/verb-list.js'

const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const DOCS = join(ROOT, 'docs')

const pages = [
  join(ROOT, 'README.md'),
  ...readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.md'))
    .map((file) => join(DOCS, file)),
]

/** The text without what stands in fences and code spans, where brackets are no links. */
function prose(file: string): string {
  return readFileSync(file, 'utf8')
    .replace(/^```[\s\S]*?^```/gm, '')
    .replace(/(`+)(?!`)[^\n]*?[^`\n]\1(?!`)/g, '')
}

/** Anchors as GitHub makes them of headings. */
function anchorsOf(file: string): readonly string[] {
  const text = readFileSync(file, 'utf8').replace(/^```[\s\S]*?^```/gm, '')
  return [...text.matchAll(/^#{1,6} (.+)$/gm)].map(([, title]) =>
    title!
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  )
}

function brokenLinks(file: string): readonly string[] {
  const targets = [...prose(file).matchAll(/\]\(([^)\s]+)\)/g)].map(([, target]) => target!)
  return targets.filter((target) => {
    if (/^[a-z]+:/.test(target)) return false
    const [path = '', anchor] = target.split('#')
    const linked = path === '' ? file : join(dirname(file), path)
    if (!existsSync(linked)) return true
    return anchor !== undefined && !anchorsOf(linked).includes(anchor)
  })
}

/** A section of cli.md, from its heading to the next one. */
function sectionOf(verb: string): string {
  const [, section] = cli.split(`\n### ${verb}\n`)
  return section?.split(/\n##/)[0] ?? ''
}

const cli = readFileSync(join(DOCS, 'cli.md'), 'utf8')
const configuration = readFileSync(join(DOCS, 'configuration.md'), 'utf8')

test.each(pages.map((file) => relative(ROOT, file)))('links of %s lead somewhere', (file) => {
  expect(brokenLinks(join(ROOT, file))).toEqual([])
})

describe('docs/cli.md', () => {
  test.each(VERBS.map((verb) => [verbName(verb), verb] as const))('documents %s and its flags', (name, verb) => {
    const section = sectionOf(name)
    expect(section).not.toBe('')
    expect((verb.flags ?? []).map(([flag]) => flag).filter((flag) => !section.includes(`\`${flag}\``))).toEqual([])
  })

  test('documents no other verb', () => {
    const [, verbs = ''] = cli.split('\n## Verbs\n')
    const documented = [...verbs.split(/\n## /)[0]!.matchAll(/^### (.+)$/gm)].map(([, name]) => name)
    expect(documented).toEqual(VERBS.map(verbName))
  })

  test('names the verbs that come later', () => {
    expect(LATER_VERBS.filter((verb) => !cli.includes(`\`${verb}\``))).toEqual([])
  })
})

describe('docs/configuration.md', () => {
  test('names the environment twin of every setting', () => {
    const missing = Object.entries(ENVIRONMENT_TWINS).filter(
      ([name, { path }]) => !new RegExp(`^\\| \`${path.replace('.', '\\.')}\` .*\`${name}\``, 'm').test(configuration),
    )
    expect(missing).toEqual([])
  })

  test('has no setting that the config has not', () => {
    const [, settings = ''] = configuration.split('\n## Settings\n')
    const rows = [...settings.split('\n### ')[0]!.matchAll(/^\| `([A-Za-z.]+)`/gm)].map(([, path]) => path)
    expect(rows.sort()).toEqual(
      [...Object.values(ENVIRONMENT_TWINS).map(({ path }) => path), 'gates', 'backfill.throttle'].sort(),
    )
  })

  test('names the settings that come later', () => {
    const keys = LATER_KEYS.map((path) => path.replace('applications.*.', ''))
    expect(keys.filter((key) => !configuration.includes(`\`${key}\``))).toEqual([])
  })
})
