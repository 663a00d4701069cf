import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fits } from '@phasegate/status'
import { expect, test } from 'vitest'
import { applied, inProcess, type LibraryOptions, library } from '../conformance/library.js'
import { REFERENCE, referenceProject, usersDatabase } from '../conformance/reference-migration.js'
import { type AnyDatabase, describeOnEveryServer } from '../support/servers.js'
import { columnsOf, wordsOf } from '../support/sql-words.js'
import { buildThat } from './build-that.js'
import { openPool, startPod } from './pod.js'

const CONTRACT = `${REFERENCE}:contract`

describeOnEveryServer('a contract that instances open', (server) => {
  interface Filled {
    readonly db: AnyDatabase
    readonly options: LibraryOptions & { readonly confirm: string }
  }

  /** Expanded and backfilled; `config` is what the configuration says of the clients. */
  async function filled(config = "applications: { api: { seenEvery: '1s' } }"): Promise<Filled> {
    const db = await usersDatabase(server, 50)
    const project = referenceProject(wordsOf(server))
    project.write('phasegate.config.mjs', `export default { ${config} }`)
    const options = inProcess(project, db)
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    return { db, options: { ...options, confirm: db.name } }
  }
  const oldColumn = async (db: AnyDatabase): Promise<boolean> => (await columnsOf(db, 'users')).includes('verified_at')
  const gateOf = async (options: LibraryOptions): Promise<{ state: string; reason: string }> => {
    const [answer] = await library.runGate({ ...options, unit: CONTRACT })
    return answer!.checks.find((check) => check.name === 'noInstanceUsesOld')!
  }

  test('opens by itself once the last build on the old shape has gone and its quiet time has passed', async () => {
    const { db, options } = await filled()
    const old = startPod(db, buildThat(REFERENCE, 'both'), { instance: 'old-pod' })
    const young = startPod(db, buildThat(REFERENCE, 'new'), { instance: 'new-pod' })
    await expect.poll(() => [old.ready(), young.ready()]).toEqual([true, true])
    expect(await gateOf(options)).toMatchObject({
      state: 'closed',
      reason: expect.stringMatching(/api old-pod \(build sha256:api-both says 'both'\)/),
    })
    expect(await library.runContract(options)).toMatchObject({ exit: 3 })

    await old.stop()
    expect(await gateOf(options)).toMatchObject({
      state: 'closed',
      reason: expect.stringMatching(/last build of api .* opens it at/),
    })
    await expect.poll(async () => (await gateOf(options)).state, { timeout: 10_000, interval: 250 }).toBe('open')
    await applied(library.runContract(options))
    expect(await oldColumn(db)).toBe(false)
    expect(young.ready()).toBe(true)

    // A rollback to the old build is refused, with what took it away and where to go instead.
    const refused = {
      fits: false,
      verdict: 'incompatible',
      takenAway: [{ unit: CONTRACT, state: 'applied', destroyed: ['users.verified_at'] }],
      newestFitting: { build: 'api-new', digest: 'sha256:api-new' },
    }
    const manifest = buildThat(REFERENCE, 'both')
    const pool = openPool(db)
    expect(await fits({ database: pool.client, manifest }).finally(() => pool.end())).toMatchObject(refused)
    writeFileSync(join(options.cwd, 'old.json'), JSON.stringify(manifest))
    expect(await library.runFits({ ...options, manifest: 'old.json' })).toMatchObject({ ...refused, exit: 5 })
  })

  test('is withdrawn where a pod of an old build starts at the worst moment, and the pod is told', async () => {
    const { db, options } = await filled()
    startPod(db, buildThat(REFERENCE, 'new'), { instance: 'new-pod' })
    await expect.poll(async () => (await gateOf(options)).state, { timeout: 10_000, interval: 250 }).toBe('open')

    // It starts when the contract is announced: after all gates were open, before anything is destroyed. The announcement,
    // which keeps it from turning ready, does not go on for as long as it would have.
    let pod: ReturnType<typeof startPod> | undefined
    const seen: string[] = []
    const events: string[] = []
    const result = await library.runContract({
      ...options,
      environment: { ...options.environment, PHASEGATE_CONTRACT_ANNOUNCE: '10m' },
      emit: (event) => {
        if (event.type !== 'unit.changed') return
        events.push(event.state)
        if (event.state !== 'contracting') return
        pod = startPod(db, buildThat(REFERENCE, 'both'), { instance: 'old-pod' })
        pod.onChange(({ verdict }) => seen.push(verdict))
      },
    })
    expect(result).toMatchObject({ exit: 3, units: [{ outcome: 'held', reason: expect.stringContaining('old-pod') }] })
    expect(events).toEqual(['contracting', 'pending'])
    expect(await oldColumn(db)).toBe(true)
    expect(seen[0]).toBe('incompatible')
    await expect.poll(() => pod?.ready(), { timeout: 5_000 }).toBe(true)
    expect(seen).toEqual(['incompatible', 'compatible'])
    const document = await library.runStatus(options)
    expect(document.gates[CONTRACT]?.checks.find((check) => check.name === 'noInstanceUsesOld')).toMatchObject({
      state: 'closed',
    })
  })

  test('stays announced as long as any heartbeat counts, and an instance that died unheard holds it until then', async () => {
    const { db, options } = await filled()
    const young = startPod(db, buildThat(REFERENCE, 'new'), { pollInterval: 500 })
    await expect.poll(() => young.ready()).toBe(true)
    const dead = startPod(db, buildThat(REFERENCE, undefined), { instance: 'dead-pod', pollInterval: 500 })
    await expect.poll(() => dead.ready()).toBe(true)
    await dead.die()
    expect(await gateOf(options)).toMatchObject({ state: 'closed', reason: expect.stringContaining('dead-pod') })
    await expect.poll(async () => (await gateOf(options)).state, { timeout: 10_000, interval: 250 }).toBe('open')
    const waits: (number | undefined)[] = []
    await applied(
      library.runContract({ ...options, emit: (event) => event.type === 'unit.waiting' && waits.push(event.ms) }),
    )
    // Its three intervals, although the setting says none at all.
    expect(waits).toEqual([1500])
    expect(await oldColumn(db)).toBe(false)
  })

  test('is unknown while an application never reported or does not, until an approval opens it', async () => {
    const { db, options } = await filled("applications: { api: { seenEvery: '1s' }, billing: { reports: false } }")
    expect(await gateOf(options)).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/api has never reported.*billing does not report.*phasegate approve/s),
    })
    expect(await library.runContract(options)).toMatchObject({ exit: 3 })
    await library.runApprove({ ...options, unit: CONTRACT, reason: 'billing reads a view of its own' })
    expect(await gateOf(options)).toMatchObject({ state: 'open', reason: expect.stringContaining('a view of its own') })

    // What is known to use it no approval lifts.
    const old = startPod(db, buildThat(REFERENCE, 'old'))
    await expect.poll(() => old.ready()).toBe(true)
    expect(await gateOf(options)).toMatchObject({ state: 'closed' })
  })

  test('is opened for one application alone by an approval that names it, until that is revoked', async () => {
    const { db, options } = await filled("applications: { api: { seenEvery: '1s' }, billing: { reports: false } }")
    const approve = (change: object, unit = CONTRACT) =>
      library.runApprove({ ...options, unit, reason: 'billing reads a view of its own', ...change })
    expect(await approve({ application: 'billing', by: 'ann' })).toMatchObject({ client: 'application billing' })
    expect(await gateOf(options)).toMatchObject({
      state: 'unknown',
      reason: expect.stringMatching(/^api has never reported.* --application api$/),
    })
    expect(await library.runContract(options)).toMatchObject({ exit: 3 })

    const young = startPod(db, buildThat(REFERENCE, 'new'))
    await expect.poll(() => young.ready()).toBe(true)
    await expect.poll(async () => (await gateOf(options)).state, { timeout: 10_000, interval: 250 }).toBe('open')
    expect((await gateOf(options)).reason).toMatch(/approved by ann .* for application billing: billing reads a view/)
    expect((await library.runStatus(options)).gates[CONTRACT]?.approvals).toMatchObject([
      { by: 'ann', gate: null, client: 'application billing', standing: true },
    ])

    const revoke = (change: object) =>
      library.runRevoke({ ...options, unit: CONTRACT, reason: 'it does not', ...change })
    expect(await revoke({ application: 'api' })).toMatchObject({ revoked: 0 })
    expect(await gateOf(options)).toMatchObject({ state: 'open' })
    expect(await revoke({ application: 'billing' })).toMatchObject({ revoked: 1 })
    expect(await gateOf(options)).toMatchObject({ state: 'unknown' })

    for (const [change, unit] of [
      [{ application: 'biling' }, CONTRACT],
      [{ application: 'billing', role: 'app' }, CONTRACT],
      [{ application: '' }, CONTRACT],
      [{ application: 'billing' }, `${REFERENCE}:backfill`],
    ] as const)
      await expect(approve(change, unit), JSON.stringify(change)).rejects.toMatchObject({
        code: 'APPROVAL.CLIENT',
        exit: 2,
      })
    await approve({ application: 'billing' })
    await applied(library.runContract(options))
    expect(await oldColumn(db)).toBe(false)
  })

  test('is unknown while somebody is connected whom no instance covers', async () => {
    const { db, options } = await filled()
    const young = startPod(db, buildThat(REFERENCE, 'new'))
    await expect.poll(() => young.ready()).toBe(true)
    const role = `of_${db.name.slice(-12)}`
    await db.query(
      server.family === 'postgres' ? `CREATE ROLE ${role} LOGIN PASSWORD 'x'` : `CREATE USER ${role} IDENTIFIED BY 'x'`,
    )
    if (server.family !== 'postgres') await db.query(`GRANT SELECT ON ${db.name}.users TO ${role}`)
    const url = new URL(db.url)
    url.username = role
    url.password = 'x'
    const stranger = openPool({ family: server.family, url: url.href })
    try {
      await stranger.query('SELECT 1 AS one')
      await expect
        .poll(() => gateOf(options), { timeout: 10_000, interval: 250 })
        .toMatchObject({ state: 'unknown', reason: expect.stringContaining(`1 of ${role}`) })
      await library.runApprove({ ...options, unit: CONTRACT, role, reason: 'an export of every night' })
      expect(await gateOf(options)).toMatchObject({
        state: 'open',
        reason: expect.stringContaining(`for role ${role}`),
      })
      await library.runRevoke({ ...options, unit: CONTRACT, reason: 'it is gone' })
      expect(await gateOf(options)).toMatchObject({ state: 'unknown' })
      const ignoring = { ...options, environment: { ...options.environment, PHASEGATE_IGNORED_ROLES: role } }
      expect(await gateOf(ignoring)).toMatchObject({ state: 'open' })
    } finally {
      await stranger.end()
      await db.query(server.family === 'postgres' ? `DROP ROLE ${role}` : `DROP USER ${role}`)
    }
  })
})
