import { randomBytes } from 'node:crypto'
import type { Session } from '@phasegate/core'
import { createConnection } from 'mysql2/promise'
import { expect, onTestFinished, test } from 'vitest'
import { createMysqlJournal } from '../../packages/mysql/src/journal/mysql-journal.js'
import { connectionSettings } from '../../packages/mysql/src/session/connection-settings.js'
import { openMysqlSession } from '../../packages/mysql/src/session/mysql-session.js'
import { createDatabase, describeOnEveryMysql, describeOnMysql, type MysqlDatabase } from '../support/servers.js'

const journal = createMysqlJournal()

async function open(database: MysqlDatabase, user?: string): Promise<Session> {
  const settings = { ...connectionSettings(database.url), ...(user === undefined ? {} : { user, password: 'secret' }) }
  const session = await openMysqlSession({ settings, programName: 'phasegate', connectTimeout: 5000 })
  onTestFinished(() => session.close())
  return session
}

/** The session, dying at its `n`th statement that changes something; `sent` counts them. */
function dyingAt(session: Session, n: number): Session & { readonly sent: string[] } {
  const sent: string[] = []
  const dying: Session & { readonly sent: string[] } = {
    ...session,
    sent,
    query: async (text, values) => {
      if (!/^\s*SELECT/.test(text)) {
        if (sent.length === n) throw new Error('killed')
        sent.push(text)
      }
      return session.query(text, values)
    },
    limited: (_, work) => work(),
  }
  return dying
}

/** A user of a name that no other test has, with the privileges of this statement's end. */
async function createUser(
  database: MysqlDatabase,
  name = 'app',
  host = '%',
): Promise<{ name: string; account: string }> {
  const user = `${name} ${randomBytes(4).toString('hex')}`
  const account = `\`${user.replaceAll('`', '``')}\`@\`${host}\``
  await database.query(`CREATE USER ${account} IDENTIFIED BY 'secret'`)
  onTestFinished(() => database.query(`DROP USER ${account}`).then(() => {}))
  return { name: user, account }
}

describeOnEveryMysql('the journal', (server) => {
  test('is finished by the next run, whichever statement of its creation was the last', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    for (let n = 0; ; n++) {
      expect(n).toBeLessThan(20)
      const dying = dyingAt(session, n)
      const died = await journal.ensure(dying, []).then(
        () => false,
        () => true,
      )
      // One statement a table of the first version, and the row that makes it a journal, which later ones add to.
      expect((await journal.read(session)).exists, `after ${n} statements`).toBe(n >= 10)
      if (!died) {
        expect(n).toBe(11)
        break
      }
    }
    const { target } = await journal.read(session)
    const again = dyingAt(session, 0)
    await journal.ensure(again, [])
    expect(again.sent).toEqual([])
    expect((await journal.read(session)).target).toBe(target)
  })

  test('fits a name of 255 characters of four bytes', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    await journal.ensure(session, [])
    const unit = { migration: '😀'.repeat(255), phase: 'contract' as const }
    await journal.startUnit(session, {
      unit,
      fingerprint: '1:a',
      actor: { by: 'a', through: {} },
      backend: session.backend,
      state: 'running',
    })
    expect((await journal.read(session)).units).toMatchObject([{ ...unit, state: 'running' }])
    const lower = { ...unit, migration: 'abc' }
    for (const migration of ['abc', 'ABC', 'äbc'])
      await journal.startUnit(session, {
        unit: { ...unit, migration },
        fingerprint: '1:a',
        actor: { by: 'a', through: {} },
        backend: session.backend,
        state: 'running',
      })
    await journal.changeUnit(session, lower, { state: 'applied' }, { by: 'a', through: {} })
    const states = (await journal.read(session)).units.map(({ migration, state }) => `${migration} ${state}`)
    expect(states.slice(0, 3), 'names are told apart byte by byte').toEqual([
      'ABC running',
      'abc applied',
      'äbc running',
    ])
  })

  test('lets an application read it and say that it lives, and do nothing more', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    for (const [name, write] of [
      ['app', (user: string) => user],
      ["o'neil @ home`", (user: string) => `'${user.replaceAll("'", "''")}'@'%'`],
    ] as const) {
      const user = await createUser(database, name)
      await journal.ensure(session, [write(user.name)])
      const app = await open(database, user.name)
      expect((await journal.read(app)).exists).toBe(true)
      await app.query(`INSERT INTO phasegate_build (digest, application, manifest) VALUES (?, 'api', '{}')`, [name])
      await app.query(`INSERT INTO phasegate_instance (id, digest, expires_at) VALUES (?, ?, UTC_TIMESTAMP(6))`, [
        name,
        name,
      ])
      await app.query('UPDATE phasegate_instance SET draining = 1 WHERE id = ?', [name])
      await app.query('DELETE FROM phasegate_instance WHERE id = ?', [name])
      for (const forbidden of [
        'DELETE FROM phasegate_build',
        `UPDATE phasegate_unit SET state = 'applied'`,
        'DELETE FROM phasegate_event',
        'UPDATE phasegate_journal SET held = NULL',
      ])
        await expect(app.query(forbidden)).rejects.toMatchObject({ errno: 1142 })

      const again = dyingAt(session, 0)
      await journal.ensure(again, [write(user.name)])
      expect(again.sent, 'nothing is granted twice').toEqual([])
    }
  })

  test('grants what is missing of what an account has', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    const { name, account } = await createUser(database)
    await database.query(`GRANT SELECT, INSERT ON \`${database.name.replaceAll('_', '\\_')}\`.* TO ${account}`)
    const counting = dyingAt(session, 100)
    await journal.ensure(counting, [name])
    expect(counting.sent.filter((text) => text.startsWith('GRANT')).map((text) => text.split(' TO ')[0])).toEqual([
      `GRANT UPDATE ON \`${database.name}\`.\`phasegate_build\``,
      `GRANT UPDATE ON \`${database.name}\`.\`phasegate_instance\``,
      `GRANT DELETE ON \`${database.name}\`.\`phasegate_instance\``,
    ])
  })

  test('knows roles, and hosts', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    const role = `role_${randomBytes(4).toString('hex')}`
    await database.query(`CREATE ROLE ${role}`)
    onTestFinished(() => database.query(`DROP ROLE ${role}`).then(() => {}))
    const at = await createUser(database, 'app', '10.0.0.%')
    const member = await createUser(database)
    await database.query(`GRANT ${role} TO ${member.account}`)
    const roles = [role, `${at.name}@10.0.0.%`]
    await journal.ensure(session, roles)
    const again = dyingAt(session, 0)
    await journal.ensure(again, roles)
    expect(again.sent).toEqual([])
    const app = await open(database, member.name).catch((error: { errno?: number }) => error.errno)
    // Without its role the account may not enter the database at all.
    expect(app).toBe(1044)
    await expect(journal.ensure(session, [`${at.name}@elsewhere`])).rejects.toMatchObject({ code: 'CONFIG.APP_ROLE' })
  })

  test('makes no account of a name in appRoles that the server does not know', async () => {
    const database = await createDatabase(server)
    const session = await open(database)
    const name = `nobody_${randomBytes(4).toString('hex')}`
    await expect(journal.ensure(session, [name])).rejects.toMatchObject({
      code: 'CONFIG.APP_ROLE',
      next: [expect.stringContaining(`CREATE USER \`${name}\``)],
    })
    expect(await database.query('SELECT user FROM mysql.user WHERE user = ?', [name])).toEqual([])
  })

  test('tells an account that may not grant which statements a privileged one has to run', async () => {
    const database = await createDatabase(server)
    const [owner, app] = [await createUser(database, 'owner'), await createUser(database)]
    await database.query(`GRANT ALL ON ${database.name}.* TO ${owner.account}`)
    const session = await open(database, owner.name)
    const error = await journal.ensure(session, [app.name]).catch((thrown) => thrown)
    expect(error).toMatchObject({ code: 'DATABASE.PERMISSION', message: expect.stringContaining(app.name) })
    const grants: string[] = error.meta.grants
    expect(grants).toHaveLength(15)
    for (const grant of grants) await database.query(grant)
    expect((await journal.read(await open(database, app.name))).exists).toBe(true)
    // Where our account sees what others may, it sees that it is done.
    await database.query(`GRANT SELECT ON mysql.* TO ${owner.account}`)
    await journal.ensure(await open(database, owner.name), [app.name])
  })
})

describeOnMysql('mariadb', 'a session without NO_AUTO_CREATE_USER', (server) => {
  test('is what makes an account of nobody, so that the test above can fail', async () => {
    const database = await createDatabase(server)
    const name = `nobody_${randomBytes(4).toString('hex')}`
    const connection = await createConnection({ uri: database.url })
    await connection.query("SET sql_mode = 'STRICT_ALL_TABLES'")
    await connection.query('CREATE TABLE t (id INT PRIMARY KEY)')
    await connection.query(`GRANT SELECT ON t TO ${name}`)
    expect(await database.query('SELECT user FROM mysql.user WHERE user = ?', [name])).toHaveLength(1)
    await connection.query(`DROP USER ${name}`)
    await connection.end()
  })
})
