import { describe, expect, test } from 'vitest'
import { describeFigures } from './report.js'
import { barRow, judgedRow, shownRow } from './row.js'

const bar = (median: number, idle: { min: number; max: number }) => ({
  median,
  min: median,
  max: median,
  pairs: 7,
  idle,
})
const LIKE = { min: 0.9, max: 1.1 }

describe('the verdict of a bench', () => {
  const more = { better: 'more', aim: 1, miss: 0.8 } as const
  const less = { better: 'less', aim: 1.1, miss: 1.3 } as const

  test('is a miss beyond the bound, on the side that is worse', () => {
    expect(barRow('speed', bar(0.79, LIKE), more).verdict).toBe('MISS')
    expect(barRow('speed', bar(0.8, LIKE), more).verdict).toBe('short of the aim')
    expect(barRow('speed', bar(1.4, LIKE), more).verdict).toBe('aim met')
    expect(judgedRow('memory', 1.31, '', less, LIKE).verdict).toBe('MISS')
    expect(judgedRow('memory', 1.2, '', less, LIKE).verdict).toBe('short of the aim')
    expect(judgedRow('memory', 0.5, '', less, LIKE).verdict).toBe('aim met')
  })

  test('is no miss where the other side against itself gives as much', () => {
    expect(barRow('speed', bar(0.79, { min: 0.7, max: 1.4 }), more).verdict).toBe('within the spread')
    expect(judgedRow('memory', 1.31, '', less, { min: 0.8, max: 1.4 }).verdict).toBe('within the spread')
    expect(judgedRow('memory', 1.5, '', less, { min: 0.8, max: 1.4 }).verdict).toBe('MISS')
  })

  test('stands without a spread where there is none', () => {
    expect(judgedRow('size', 1.36, '', { better: 'less', aim: 1.25, miss: 1.35 }).verdict).toBe('MISS')
  })
})

describe('the report', () => {
  const measured = {
    server: 'MySQL 9.7.4',
    machine: 'Node.js 20, 2 cores, linux',
    command: 'npm run bench -- --only backfill',
  }

  test('tells what was measured with the command that gives it again, and names what was not', () => {
    const rows = [shownRow('bytes', '1.02'), judgedRow('size', 2, '2.00', { better: 'less', aim: 1, miss: 1.35 })]
    const text = describeFigures({ 'mysql: backfill': { ...measured, rows } })
    expect(text).toContain('| bytes | 1.02 |  |  | shown |')
    expect(text).toContain('| size | 2.00 | 1 | above 1.35 | **MISS** |')
    expect(text).toContain('- backfill: MySQL 9.7.4, Node.js 20, 2 cores, linux; `npm run bench -- --only backfill`')
    expect(text).toContain('- traffic: not measured')
    expect(text).not.toContain('## MariaDB')
  })
})
