import { describe, expect, it } from 'vitest'
import type { Verdict } from './judge.js'
import { isReady, STARTING, statusWord } from './standing.js'

const VERDICTS: Verdict[] = ['compatible', 'ahead', 'behind', 'incompatible', 'unknown']
const latched = { ...STARTING, latched: true }

describe('readiness', () => {
  it('follows the verdict at the start', () => {
    expect(VERDICTS.filter((verdict) => isReady(verdict, STARTING))).toEqual(['compatible', 'ahead'])
  })
  it('stays once it was there, whatever the verdict', () => {
    expect(VERDICTS.filter((verdict) => isReady(verdict, latched))).toEqual(VERDICTS)
  })
  it('waits for the first heartbeat of a process that reports, whatever is known already', () => {
    for (const standing of [STARTING, latched]) {
      const waiting = { ...standing, heartbeat: 'waiting' } as const
      expect(VERDICTS.filter((verdict) => isReady(verdict, waiting))).toEqual([])
      expect(statusWord('compatible', waiting, true)).toBe('fail')
    }
    expect(isReady('compatible', { ...STARTING, heartbeat: 'stored' })).toBe(true)
  })
  it('ends with draining', () => {
    expect(VERDICTS.filter((verdict) => isReady(verdict, { ...latched, draining: true }))).toEqual([])
  })
  it('ends with incompatible, and with nothing else, where that is asked for', () => {
    const strict = { ...latched, onIncompatible: 'unready' } as const
    expect(VERDICTS.filter((verdict) => !isReady(verdict, strict))).toEqual(['incompatible'])
    expect(statusWord('incompatible', strict, true)).toBe('fail')
  })
  it('warns where it serves on a bad or old answer', () => {
    expect(VERDICTS.map((verdict) => statusWord(verdict, latched, true))).toEqual([
      'pass',
      'pass',
      'warn',
      'warn',
      'warn',
    ])
    expect(statusWord('compatible', latched, false)).toBe('warn')
    expect(VERDICTS.map((verdict) => statusWord(verdict, STARTING, true))).toEqual([
      'pass',
      'pass',
      'fail',
      'fail',
      'fail',
    ])
  })
})
