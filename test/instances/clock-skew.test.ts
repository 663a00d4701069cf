import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { BuildManifest } from '@phasegate/core'
import { expect, onTestFinished, test } from 'vitest'
import { applied, inProcess, library } from '../conformance/library.js'
import { REFERENCE, referenceProject, usersDatabase } from '../conformance/reference-migration.js'
import { said, verbsOn } from '../conformance/verbs.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { columnsOf, wordsOf } from '../support/sql-words.js'
import { buildThat } from './build-that.js'

const HOUR = 3_600_000
const SHIFTS = [-3 * HOUR, 3 * HOUR] as const
const PATIENT = { timeout: 20_000, interval: 250 }
/** The environment in which every Node.js process has a wall clock that is off by so many ms. */
const shifted = (ms: number) => ({
  NODE_OPTIONS: `--import=${new URL(`shift-clock.mjs?ms=${ms}`, import.meta.url).href}`,
})

/** A process of a build on a machine whose clock is off, ready; it is killed at the end of the test. */
async function startSkewedPod(
  { url, family }: AnyDatabase,
  manifest: BuildManifest,
  instance: string,
  shift: number,
): Promise<ChildProcess> {
  const of = JSON.stringify({ url, family, manifest, instance, pollInterval: 500 })
  const pod = spawn(process.execPath, [fileURLToPath(new URL('run-pod.mjs', import.meta.url)), of], {
    env: { ...process.env, ...shifted(shift) },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  onTestFinished(() => {
    pod.kill('SIGKILL')
  })
  const [text] = await once(pod.stdout!, 'data')
  const takesItToBe = Date.parse(String(text).replace('ready ', '').trim())
  expect(Math.abs(takesItToBe - Date.now() - shift), 'its clock is off').toBeLessThan(HOUR)
  return pod
}

describeOnEveryServer('instances and runners whose clocks are hours off', (server) => {
  test('live, expire and are judged by the clock of the database alone', async () => {
    const db = await usersDatabase(server, 30)
    const { journal } = wordsOf(server)
    const project = referenceProject(wordsOf(server))
    const configure = (seenEvery: string) =>
      project.write('phasegate.config.mjs', `export default { applications: { api: { seenEvery: '${seenEvery}' } } }`)
    configure('1h')
    const options = inProcess(project, db)
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))

    /** What the gate says to a runner whose clock is off. */
    const gates = () =>
      Promise.all(
        SHIFTS.map(async (shift) => {
          const result = await verbsOn(project, db, { env: shifted(shift) })('gate', `${REFERENCE}:contract`, '--json')
          const { units } = result.json<{ units: { checks: { name: string; state: string; reason: string }[] }[] }>()
          const { state, reason } = units[0]!.checks.find(({ name }) => name === 'noInstanceUsesOld')!
          return { state, reason }
        }),
      )
    /** Seconds by the database's clock: since the last heartbeat, and until it ends. */
    const heartbeats = async (): Promise<readonly { id: string; ago: number; left: number }[]> => {
      const seconds = (from: string, to: string): string =>
        db.family === 'postgres'
          ? `extract(epoch FROM ${to} - ${from})`
          : `TIMESTAMPDIFF(MICROSECOND, ${from}, ${to}) / 1e6`
      const now = db.family === 'postgres' ? 'clock_timestamp()' : 'UTC_TIMESTAMP(6)'
      const rows = await db.query(
        `SELECT id, ${seconds('last_seen', now)} AS ago, ${seconds(now, 'expires_at')} AS remaining FROM ${journal('instance')} ORDER BY id`,
      )
      return rows.map(({ id, ago, remaining }) => ({ id, ago: Number(ago), left: Number(remaining) }))
    }

    const old = await startSkewedPod(db, buildThat(REFERENCE, 'both'), 'old-pod', 3 * HOUR)
    await startSkewedPod(db, buildThat(REFERENCE, 'new'), 'new-pod', -3 * HOUR)
    for (const { id, ago, left } of await heartbeats()) {
      expect(Math.abs(ago), id).toBeLessThan(60)
      expect(left, id).toBeLessThanOrEqual(1.5)
    }
    for (const answer of await gates())
      expect(answer).toMatchObject({ state: 'closed', reason: expect.stringContaining('old-pod') })

    // Killed, it counts for three of its intervals, although its own clock said that these were hours ahead.
    old.kill('SIGKILL')
    const gone = async () => (await heartbeats()).find(({ id }) => id.startsWith('old-pod'))!.left
    await expect.poll(gone, PATIENT).toBeLessThan(0)
    // An hour of quiet is an hour: not over for the runner that is three ahead, and over in an hour for the one behind.
    for (const { state, reason } of await gates()) {
      expect(state).toBe('closed')
      const opens = Date.parse(/last build of api .* opens it at (\S+)/.exec(reason)?.[1] ?? '')
      expect(Math.abs(opens - Date.now() - HOUR), reason).toBeLessThan(120_000)
    }
    configure('1s')
    expect((await gates()).map(({ state }) => state)).toEqual(['open', 'open'])
    const contract = await verbsOn(project, db, { env: shifted(-3 * HOUR) })('contract', '--confirm', db.name)
    expect(contract.code, said(contract)).toBe(0)
    expect(await columnsOf(db, 'users')).not.toContain('verified_at')
  }, 120_000)
})
