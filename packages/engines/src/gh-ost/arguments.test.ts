import { expect, test } from 'vitest'
import { niceRatio, takenArguments } from './arguments.js'
import { serverId } from './server-id.js'

test('what Phasegate gives itself, or what would lose rows, cannot be added', () => {
  const refused = [
    '--conf=x',
    '-table',
    '--password=secret',
    '--approve-renamed-columns',
    '--throttle-flag-file=/tmp/x',
    '--ssl-ca=x',
    // A resumed gh-ost may lose changes.
    '--checkpoint-seconds=60',
    '--resume',
  ]
  expect(takenArguments([...refused, '--chunk-size=500', '--max-load', 'Threads_running=50'])).toEqual(refused)
})

test('a server id is the same for a run, and another one where it is taken', () => {
  const id = serverId('worker:/run/1', [])
  expect(id).toBeGreaterThan(0)
  expect(serverId('worker:/run/1', [])).toBe(id)
  expect(serverId('worker:/run/2', [])).not.toBe(id)
  expect(serverId('worker:/run/1', [id])).not.toBe(id)
})

test.each([
  [['--nice-ratio=2.5', '--chunk-size=10'], 2.5],
  [['--nice-ratio', '3'], 3],
  [['-nice-ratio=1', '--nice-ratio=4'], 4],
  [['--nice-ratio=often'], 0],
  [['--nice-ratio'], 0],
  [[], 0],
])('%j rests at least %d', (extra, ratio) => expect(niceRatio(extra)).toBe(ratio))
