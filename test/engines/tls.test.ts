import { beforeAll, expect, test } from 'vitest'
import { type ServerCertificate, whyNoCertificates } from '../support/certificates.js'
import { createProject } from '../support/project.js'
import { type CliResult, type RunningCli, startCli } from '../support/run-cli.js'
import {
  type AnyDatabase,
  createDatabase,
  describeWithPtOsc,
  describeWithTool,
  type RunningMysql,
  type SharedMysql,
} from '../support/servers.js'
import { hasPhone, leftoversIn, NAME, runsOf } from './lane-setup.js'
import { assertSecretsKept, keyLine, SECRET, startTlsMysql, type TlsServer, urlFor, waitingTool } from './tls-setup.js'

type Tool = 'gh-ost' | 'pt-osc'

describeWithTool(
  'gh-ost',
  'mysql',
  'gh-ost over TLS',
  (server) => suite(server, 'gh-ost', 'gh-ost'),
  whyNoCertificates(),
)
describeWithPtOsc(
  'pt-online-schema-change over TLS',
  (server, path) => suite(server, 'pt-osc', path),
  whyNoCertificates(),
)

function suite({ family }: SharedMysql, tool: Tool, path: string): void {
  let tls: TlsServer<RunningMysql>
  beforeAll(async () => {
    tls = await startTlsMysql(family)
    return () => tls.stop()
  })

  /** @param requires as in CREATE USER: `NONE`, `SSL`, `X509` */
  async function database(requires = 'SSL') {
    const db = await createDatabase(tls.server)
    const account = `u_${db.name.slice(-8)}`
    await db.query(`CREATE TABLE users (id bigint AUTO_INCREMENT PRIMARY KEY, email varchar(80) NOT NULL);
      INSERT INTO users (email) VALUES ('a'), ('b'), ('c');
      CREATE USER ${account}@'%' IDENTIFIED BY '${SECRET}' REQUIRE ${requires}; GRANT ALL ON *.* TO ${account}@'%'`)
    return { db, expand: (given: Parameters<typeof urlFor>[2]) => expand(urlFor(db, account, given)) }
  }

  /** The tool waits until it may begin. */
  function expand(url: string): { readonly cli: RunningCli; begin(): void } {
    const project = createProject({
      [`phasegate/${NAME}.sql`]: `-- engine: ${tool}\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n`,
    })
    const { path: waits, begin } = waitingTool(project, path)
    project.write('phasegate.config.mjs', `export default { engines: { '${tool}': { path: '${waits}' } } }`)
    return { cli: startCli(project, ['expand', '--long', '--json'], { env: { DATABASE_URL: url } }), begin }
  }

  async function ended({ cli, begin }: ReturnType<typeof expand>): Promise<CliResult> {
    begin()
    return cli.ended
  }

  async function assertAsItWas(db: AnyDatabase): Promise<void> {
    expect(await hasPhone(db)).toBe(false)
    expect(await leftoversIn(db)).toEqual([])
  }

  test.each<readonly [mode: string, shown: ServerCertificate, ca: 'none' | 'other' | 'right']>([
    ['require', 'right', 'none'],
    ['require', 'other name', 'other'],
    ['verify-ca', 'right', 'right'],
    ['verify-full', 'right', 'right'],
  ])('sslmode=%s, the server shows one of the %s, authority given: %s: it comes in', async (sslmode, shown, ca) => {
    await tls.use(shown)
    const { db, expand } = await database()
    const file = { none: {}, other: { sslca: tls.certificates.otherCa }, right: { sslca: tls.certificates.ca } }[ca]
    const { code, stderr, stdout } = await ended(expand({ sslmode, ...file }))
    expect(code, stderr + stdout).toBe(0)
    expect(await hasPhone(db)).toBe(true)
    expect(await leftoversIn(db)).toEqual([])
  })

  test('a server that lets nobody in without', async () => {
    await tls.use('right')
    const { db, expand } = await database('NONE')
    const before = await db.open()
    await before.query('SET GLOBAL require_secure_transport = ON')
    try {
      const { code, stderr, stdout } = await ended(expand({ sslmode: 'require' }))
      expect(code, stderr + stdout).toBe(0)
    } finally {
      await before.query('SET GLOBAL require_secure_transport = OFF')
    }
    expect(await hasPhone(db)).toBe(true)
  })

  test.each<
    readonly [what: string, given: () => Readonly<Record<string, string>>, shown: ServerCertificate, why: RegExp]
  >([
    ['no TLS', () => ({}), 'right', /Access denied/],
    ['another name', () => ({ sslmode: 'verify-full', sslca: tls.certificates.ca }), 'other name', /does not match/],
    ['another authority', () => ({ sslmode: 'verify-ca', sslca: tls.certificates.otherCa }), 'right', /certificate/],
    ['an authority that nobody knows', () => ({ ssl: 'true' }), 'right', /certificate/],
  ])('%s: refused before anything is begun', async (_what, given, shown, why) => {
    await tls.use(shown)
    const { db, expand } = await database()
    const { code, stdout } = await ended(expand(given()))
    expect(code).toBe(2)
    expect(JSON.parse(stdout).error).toMatchObject({ code: 'DATABASE.AUTHENTICATION', why: expect.stringMatching(why) })
    await assertAsItWas(db)
  })

  test.each<readonly [what: ServerCertificate, mode: string, why: RegExp]>([
    ['other name', 'verify-full', /db\.example\.org|Validation of SSL server certificate failed/],
    ['other authority', 'verify-full', /certificate/],
    // We ask for no name here, but the tool has no way of asking for less.
    ['other name', 'verify-ca', /db\.example\.org|Validation of SSL server certificate failed/],
  ])(
    'the tool meets a server that shows one of the %s, sslmode=%s: it does not come in',
    async (shown, sslmode, why) => {
      await tls.use('right')
      const { db, expand } = await database()
      const { cli, begin } = expand({ sslmode, sslca: tls.certificates.ca })
      await cli.waitFor(/engine\.started/)
      await tls.use(shown)
      const { code, stdout, stderr } = await ended({ cli, begin })
      expect(code).toBe(9)
      expect(stderr.match(/engine\.started/g), 'it is not started over and over').toHaveLength(1)
      expect(JSON.parse(stdout).units[0].error).toMatchObject({
        code: 'ENGINE.FAILED',
        why: expect.stringMatching(why),
      })
      await assertAsItWas(db)
    },
  )

  test('a certificate of the client: it comes in, and nobody sees password or key', async () => {
    await tls.use('right')
    const { db, expand } = await database('X509')
    const { client, ca } = tls.certificates
    const without = await ended(expand({ sslmode: 'verify-full', sslca: ca }))
    expect(without.stdout).toMatch(/DATABASE\.AUTHENTICATION/)
    const { cli, begin } = expand({ sslmode: 'verify-full', sslca: ca, sslcert: client.cert, sslkey: client.key })
    const secrets = [SECRET, keyLine(client.key)]
    await assertSecretsKept(cli, begin, secrets)
    const journal = JSON.stringify([await db.query('SELECT * FROM phasegate_step'), await runsOf(db)])
    for (const secret of secrets) expect(journal).not.toContain(secret)
    expect(await hasPhone(db)).toBe(true)
  })
}
