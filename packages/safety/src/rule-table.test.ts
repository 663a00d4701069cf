import { readdirSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { isRuleId, RULE_TABLE } from './rule-table.js'
import { STATEMENT_RULES } from './rules.js'

const pages = new URL('../../../docs/rules/', import.meta.url)

describe('the rules', () => {
  it.each(Object.entries(RULE_TABLE))('%s has a page with what, why, the safe way and the source', (id, title) => {
    const page = readFileSync(new URL(`${id}.md`, pages), 'utf8')
    expect(page.startsWith(`# ${id}\n\n${title}.\n`)).toBe(true)
    for (const heading of ['## Why', '## The safe way', '## Source']) expect(page).toContain(`\n${heading}\n\n`)
  })

  it('have no page of a rule that does not exist', () => {
    expect(readdirSync(pages).filter((file) => file.endsWith('.md') && !isRuleId(file.slice(0, -3)))).toEqual([])
  })

  it('stand in the table once each', () => {
    const ids = STATEMENT_RULES.map((rule) => rule.id)
    expect(new Set(ids).size).toBe(ids.length)
    expect(Object.keys(RULE_TABLE)).toEqual([...ids, 'APP_USES.UNDECLARED', 'ALLOW.NO_REASON', 'ALLOW.UNUSED'])
  })
})
