import { beforeAll, expect, test } from 'vitest'
import { type ServerCertificate, whyNoCertificates } from '../support/certificates.js'
import { createProject } from '../support/project.js'
import { type CliResult, startCli } from '../support/run-cli.js'
import { createDatabase, describeWithPgRepack, type RunningPostgres, type TestDatabase } from '../support/servers.js'
import { assertNothingLeft, identityOf } from './repack-setup.js'
import {
  assertSecretsKept,
  keyLine,
  SECRET,
  startTlsPostgres,
  type TlsServer,
  urlFor,
  waitingTool,
} from './tls-setup.js'

const REPACK = '/usr/lib/postgresql/15/bin/pg_repack'
const BY_PASSWORD = 'tls_app'
const BY_CERTIFICATE = 'cert_app'

describeWithPgRepack('pg_repack over TLS', suite, whyNoCertificates())

function suite(): void {
  let tls: TlsServer<RunningPostgres>
  beforeAll(async () => {
    tls = await startTlsPostgres(BY_PASSWORD, BY_CERTIFICATE)
    const db = await createDatabase(tls.server)
    for (const role of [BY_PASSWORD, BY_CERTIFICATE])
      await db.query(`CREATE ROLE ${role} LOGIN SUPERUSER PASSWORD '${SECRET}'`)
    await db.drop()
    return () => tls.stop()
  })

  async function database(): Promise<{ readonly db: TestDatabase; readonly file: string }> {
    const db = await createDatabase(tls.server)
    await db.query(`CREATE EXTENSION pg_repack; CREATE TABLE users (id int PRIMARY KEY, email text);
      INSERT INTO users SELECT g, 'u' || g FROM generate_series(1, 1000) g`)
    return { db, file: await identityOf(db) }
  }

  /** The tool waits until it may begin. */
  function repack(url: string) {
    const project = createProject()
    const { path, begin } = waitingTool(project, REPACK)
    project.write('phasegate.config.mjs', `export default { engines: { pg_repack: { path: '${path}' } } }`)
    const cli = startCli(project, ['repack', 'users', '--json'], { env: { DATABASE_URL: url } })
    const ended = (): Promise<CliResult> => {
      begin()
      return cli.ended
    }
    return { cli, begin, ended }
  }

  test.each<readonly [mode: string, shown: ServerCertificate, authority: boolean]>([
    ['no-verify', 'other name', false],
    ['require', 'right', true],
    ['verify-ca', 'right', true],
    ['verify-full', 'right', true],
  ])(
    'a role that must use TLS, sslmode=%s, the server shows one of the %s: it comes in',
    async (mode, shown, known) => {
      await tls.use(shown)
      const { db, file } = await database()
      const url = urlFor(db, BY_PASSWORD, { sslmode: mode, ...(known ? { sslrootcert: tls.certificates.ca } : {}) })
      const { code, stderr, stdout } = await repack(url).ended()
      expect(code, stderr + stdout).toBe(0)
      expect(await identityOf(db)).not.toBe(file)
      await assertNothingLeft(db)
    },
  )

  test.each<
    readonly [what: string, given: () => Readonly<Record<string, string>>, shown: ServerCertificate, why: RegExp]
  >([
    ['no TLS', () => ({}), 'right', /no encryption/],
    ['another name', () => ({ sslmode: 'verify-full', sslrootcert: tls.certificates.ca }), 'other name', /not match/],
    ['another authority', () => ({ sslmode: 'verify-full', sslrootcert: tls.certificates.otherCa }), 'right', /certif/],
    ['an authority that nobody knows', () => ({ ssl: 'true' }), 'right', /certificate/],
  ])('%s: refused before anything is begun', async (_what, given, shown, why) => {
    await tls.use(shown)
    const { db, file } = await database()
    const { code, stdout } = await repack(urlFor(db, BY_PASSWORD, given())).ended()
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'DATABASE.AUTHENTICATION', why: expect.stringMatching(why) })
    expect(code).toBe(2)
    expect(await identityOf(db)).toBe(file)
    await assertNothingLeft(db)
  })

  test.each<readonly [what: ServerCertificate, why: RegExp]>([
    ['other name', /db\.example\.org/],
    ['other authority', /certificate verify failed/],
  ])('the tool meets a server that shows one of the %s: it does not come in', async (shown, why) => {
    await tls.use('right')
    const { db, file } = await database()
    const url = urlFor(db, BY_PASSWORD, { sslmode: 'verify-full', sslrootcert: tls.certificates.ca })
    const { cli, ended } = repack(url)
    await cli.waitFor(/engine\.started/)
    await tls.use(shown)
    const { code, stdout } = await ended()

    expect(code).not.toBe(0)
    expect(stdout).toMatch(why)
    expect(await identityOf(db)).toBe(file)
    await assertNothingLeft(db)
  })

  test('a certificate of the client instead of a password: it comes in, and nobody sees its key', async () => {
    await tls.use('right')
    const { db, file } = await database()
    const { client, ca } = tls.certificates
    const given = { sslmode: 'verify-full', sslrootcert: ca }
    const without = await repack(urlFor(db, BY_CERTIFICATE, given)).ended()
    expect(without.stdout).toMatch(/DATABASE\.AUTHENTICATION/)
    const url = urlFor(db, BY_CERTIFICATE, { ...given, sslcert: client.cert, sslkey: client.key })
    const { cli, begin } = repack(url)
    const secrets = [SECRET, keyLine(client.key)]
    await assertSecretsKept(cli, begin, secrets)
    const journal = JSON.stringify(await db.query('SELECT * FROM phasegate.step').catch(() => []))
    for (const secret of secrets) expect(journal).not.toContain(secret)
    expect(await identityOf(db)).not.toBe(file)
  })
}
