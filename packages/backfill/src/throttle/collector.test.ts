import { type Clock, type Session, systemClock } from '@phasegate/core'
import { expect, onTestFinished, test } from 'vitest'
import { staleAfter, startCollector } from './collector.js'
import type { WatchedSignal } from './watched-signal.js'

const signal = (read: WatchedSignal['read'], change: Partial<WatchedSignal> = {}): WatchedSignal => ({
  name: 'load',
  unit: 'count',
  limits: { soft: 5, hard: 10 },
  onSession: false,
  read,
  ...change,
})

const noSession = async (): Promise<Session> => {
  throw new Error('too many connections')
}

/** Sleeps not at all, and shows the time that it is set to. */
function handClock(): Clock & { at: number } {
  const clock = {
    ...systemClock,
    at: 0,
    now: () => clock.at,
    sleep: () => new Promise<void>((go) => setTimeout(go, 1)),
  }
  return clock
}

function start(signals: readonly WatchedSignal[], clock: Clock = handClock(), unseen: string[] = []) {
  const onUnseen = (name: string, reason: string): number => unseen.push(`${name}: ${reason}`)
  const collector = startCollector({ signals, openSession: noSession, clock, everyMs: 1000, onUnseen })
  onTestFinished(() => collector.close())
  return collector
}

test('answers from what it last saw', async () => {
  let value = 1
  const collector = start([signal(async () => ({ state: 'value', value }))])
  await collector.ready
  expect(collector.verdict()).toEqual({ level: 'go' })
  value = 11
  await expect.poll(() => collector.verdict().level).toBe('stop')
})

test('stops before anything is known', () => {
  const silent = signal((_, end) => new Promise((_resolve, reject) => end.addEventListener('abort', reject)))
  expect(start([silent]).verdict()).toMatchObject({ level: 'stop', reason: 'load is not known yet' })
})

test('stops when a signal fails for too long, with what it failed with', async () => {
  const clock = handClock()
  let fails = false
  const collector = start(
    [
      signal(async () => {
        if (fails) throw new Error('it answered 500')
        return { state: 'value', value: 1 }
      }),
    ],
    clock,
  )
  await collector.ready
  fails = true
  clock.at += staleAfter(1000)
  expect(collector.verdict()).toEqual({ level: 'go' })
  await new Promise((resolve) => setTimeout(resolve, 20))
  clock.at += staleAfter(1000) + 1
  expect(collector.verdict()).toMatchObject({ level: 'stop', reason: expect.stringContaining('it answered 500') })
})

test('stops when a signal says for too long that it cannot be told now', async () => {
  const clock = handClock()
  let silent = false
  const collector = start(
    [signal(async () => (silent ? { state: 'silent', reason: 'nobody is there' } : { state: 'value', value: 1 }))],
    clock,
  )
  await collector.ready
  silent = true
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(collector.verdict()).toEqual({ level: 'go' })
  clock.at += staleAfter(1000) + 1
  expect(collector.verdict()).toMatchObject({ level: 'stop', reason: expect.stringContaining(': nobody is there') })
})

test('stops when no session can be had to look on', async () => {
  const collector = start([signal(async () => ({ state: 'value', value: 1 }), { onSession: true })])
  await collector.ready
  expect(collector.verdict()).toMatchObject({ level: 'stop', reason: 'load is not known yet: too many connections' })
})

test('names once what cannot be told, and goes on', async () => {
  const unseen: string[] = []
  const collector = start([signal(async () => ({ state: 'unknown', reason: 'GRANT pg_monitor' }))], handClock(), unseen)
  await collector.ready
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(collector.verdict()).toEqual({ level: 'go' })
  expect(unseen).toEqual(['load: GRANT pg_monitor'])
})
