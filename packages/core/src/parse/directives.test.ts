import { describe, expect, it } from 'vitest'
import { allowsOf, isVerbatim } from './directives.js'

describe('isVerbatim', () => {
  it.each(['verbatim', 'VERBATIM', 'verbatim: small table', 'verbatim (40 rows)'])('sees -- %s', (comment) => {
    expect(isVerbatim({ comments: ['note', comment] })).toBe(true)
  })
  it.each(['not verbatim', 'verbatim copy of the old view', 'verbatimly'])('reads -- %s as prose', (comment) => {
    expect(isVerbatim({ comments: [comment] })).toBe(false)
  })
})

describe('allowsOf', () => {
  it('reads rule and reason', () => {
    expect(
      allowsOf({ comments: ['allow: TABLE.REWRITE because it has 40 rows', 'allow: INDEX.X because: no'] }),
    ).toEqual([
      { rule: 'TABLE.REWRITE', reason: 'it has 40 rows' },
      { rule: 'INDEX.X', reason: ': no' },
    ])
  })
  it('leaves the reason empty where there is none, so that the check can say so', () => {
    expect(allowsOf({ comments: ['allow: TABLE.REWRITE', 'allow: INDEX.X it is fine'] })).toEqual([
      { rule: 'TABLE.REWRITE', reason: '' },
      { rule: 'INDEX.X', reason: '' },
    ])
  })
  it('reads prose as prose', () => {
    expect(allowsOf({ comments: ['allow nulls here', 'we allow: everything', 'allow: this'] })).toEqual([])
  })
})
