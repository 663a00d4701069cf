import { expect, test } from 'vitest'
import { describeOnEveryServer } from '../support/servers.js'
import { columnsOf, countOf, shapeOf, wordsOf } from '../support/sql-words.js'
import { applied, codeOf, inProcess, library } from './library.js'
import { NEW_BUILD, OLD_BUILD, REFERENCE, referenceProject, usersDatabase } from './reference-migration.js'
import { type LaneJson, said, verbsOn } from './verbs.js'

describeOnEveryServer('the life of a migration', (server) => {
  const words = wordsOf(server)
  const wrong = `users WHERE NOT ${words.same('email_verified', '(verified_at IS NOT NULL)')}`

  test('by the command line: expand, backfill, a refused contract, an approved one', async () => {
    const db = await usersDatabase(server, 500)
    const project = referenceProject(words)
    const run = verbsOn(project, db)
    const before = await shapeOf(db)

    const check = await run('check')
    expect(check.code, said(check)).toBe(0)
    const plan = await run('plan')
    expect(plan.code, said(plan)).toBe(0)
    expect(plan.stdout).toContain('email_verified')
    expect(await shapeOf(db), 'plan changes nothing').toEqual(before)

    const expand = await run('expand', '--json')
    expect(expand.code, said(expand)).toBe(0)
    expect(expand.json<LaneJson>().units).toMatchObject([{ unit: `${REFERENCE}:expand`, outcome: 'applied' }])
    await OLD_BUILD.work(db, 9001)
    await NEW_BUILD.work(db, 9002)
    expect(await countOf(db, 'users WHERE id > 9000 AND verified_at IS NOT NULL AND email_verified'), 'sync').toBe(2)

    const early = await run('contract', '--confirm', db.name)
    expect(early.code, said(early)).toBe(3)

    const backfill = await run('backfill', '--json')
    expect(backfill.code, said(backfill)).toBe(0)
    expect(await countOf(db, wrong)).toBe(0)
    const verify = await run('verify', 'email_verified')
    expect(verify.code, said(verify)).toBe(0)

    const refused = await run('contract', '--confirm', db.name)
    expect(refused.code, said(refused)).toBe(3)
    expect(refused.stdout).toContain('phasegate approve')
    const approve = await run('approve', 'email_verified:contract', '--reason', 'no reader since Monday')
    expect(approve.code, said(approve)).toBe(0)
    const unconfirmed = await run('contract')
    expect(unconfirmed.code, said(unconfirmed)).toBe(10)
    expect(unconfirmed.stderr).toContain('users.verified_at')
    expect((await run('contract', '--confirm', 'another')).code).toBe(10)
    await OLD_BUILD.work(db, 9003)

    const contract = await run('contract', '--confirm', db.name, '--json')
    expect(contract.code, said(contract)).toBe(0)
    await NEW_BUILD.work(db, 9004)
    await expect(OLD_BUILD.work(db, 9005)).rejects.toThrow(/verified_at/)
    await db.query(`INSERT INTO users (id, email) VALUES (9006, 'by default')`)
    expect(await countOf(db, 'users WHERE id = 9006 AND NOT email_verified'), 'default').toBe(1)
    await expect(db.query(`UPDATE users SET email_verified = NULL WHERE id = 9006`)).rejects.toThrow(/null/i)
    expect((await shapeOf(db)).filter((line) => line.startsWith('trigger'))).toEqual([])

    const again = await run('contract', '--json', '--confirm', db.name)
    expect(again.json<LaneJson>(), said(again)).toMatchObject({ exit: 0, units: [] })
    const status = await run('status', '--json')
    expect(status.json<{ counts: object }>().counts).toEqual({ expand: 0, backfill: 0, contract: 0 })
  }, 180_000)

  test('as an SQL file, too', async () => {
    const db = await usersDatabase(server, 500)
    const options = inProcess(referenceProject(words, 'SQL'), db)
    await applied(library.runExpand(options))
    await OLD_BUILD.work(db, 9001)
    await NEW_BUILD.work(db, 9002)
    await applied(library.runBackfill(options))
    expect(await countOf(db, wrong)).toBe(0)
    expect((await library.runVerify(options)).exit).toBe(0)
    expect(await library.runContract({ ...options, confirm: db.name })).toMatchObject({ exit: 3 })
    await library.runApprove({ ...options, unit: 'email_verified:contract', reason: 'no reader since Monday' })
    expect(await codeOf(library.runContract({ ...options, confirm: 'another' }))).toBe('CONSENT.WRONG')
    await applied(library.runContract({ ...options, confirm: db.name }))
    await NEW_BUILD.work(db, 9004)
    expect(await columnsOf(db, 'users')).toEqual(['id', 'email', 'email_verified'])
    await db.query(`INSERT INTO users (id, email) VALUES (9006, 'by default')`)
    expect(await countOf(db, 'users WHERE id = 9006 AND NOT email_verified'), 'default').toBe(1)
    await expect(db.query(`UPDATE users SET email_verified = NULL WHERE id = 9006`)).rejects.toThrow(/null/i)
  })

  test('reverted after its backfill, it leaves the table as it was, and can be applied again', async () => {
    const db = await usersDatabase(server, 300)
    const options = inProcess(referenceProject(words), db)
    const revert = { ...options, migration: 'email_verified' }
    const before = await shapeOf(db)
    await applied(library.runExpand(options))
    await applied(library.runBackfill(options))
    expect(await codeOf(library.runRevert(revert))).toBe('CONSENT.MISSING')
    await applied(library.runRevert({ ...revert, confirm: db.name }))
    expect(await shapeOf(db)).toEqual(before)
    await OLD_BUILD.work(db, 9001)
    expect(await codeOf(library.runRevert({ ...revert, confirm: db.name }))).toBe('REVERT.NOTHING')
    expect(await applied(library.runExpand(options)), 'it stays so').toMatchObject({ units: [] })

    await applied(library.runExpand({ ...options, units: ['email_verified'] }))
    await applied(library.runBackfill(options))
    expect(await countOf(db, wrong)).toBe(0)
  })
})
