import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'mysql2'
import type { Connection, FieldPacket } from 'mysql2/promise'
import { atTestEnd } from '../support/at-test-end.js'
import type { MysqlDatabase } from '../support/servers.js'

/** What mysql2 gives a server of one client; its types leave it out. */
interface Client {
  /** Number of the next packet; begins anew with each statement, which mysql2 leaves to its user here. */
  sequenceId: number
  serverHandshake(greeting: object): void
  writeOk(header: object): void
  writeError(error: object): void
  writeTextResult(rows: readonly unknown[], fields: readonly FieldPacket[]): void
  /** mysql2 takes a SET for the preparation of a statement. */
  on(event: 'query' | 'stmt_prepare', listener: (text: string) => void): void
  on(event: 'error' | 'end', listener: () => void): void
}

/**
 * A proxy in front of a database that speaks the protocol and makes connection ids up, as ProxySQL does. It hands
 * statements to its server sessions in turn.
 *
 * @param sessions how many server sessions all clients share, or one for each of them
 * @param greeting the id that a client is greeted with: made up, or that of the third session, which its first query meets
 */
export async function startMysqlProxy(
  db: MysqlDatabase,
  sessions: number | 'each',
  greeting: 'made up' | 'third' = 'made up',
): Promise<{ readonly url: string }> {
  const shared: Connection[] = []
  for (let count = 0; sessions !== 'each' && count < sessions; count++) shared.push(await db.connect())
  let clients = 1_000_000
  let turn = 0

  const server = (createServer as () => ReturnType<typeof createServer>)()
  ;(server as unknown as { on(event: 'connection', listener: (client: Client) => void): void }).on(
    'connection',
    (client) => {
      const own = sessions === 'each' ? db.connect() : undefined
      client.on('error', () => {})
      client.serverHandshake({
        protocolVersion: 10,
        serverVersion: '8.0.0 proxy',
        connectionId: greeting === 'made up' ? clients++ : shared[2]?.threadId,
        statusFlags: 2,
        characterSet: 45,
        capabilityFlags: 0xffffff,
        authCallback: (_login: object, done: (error: null) => void) => {
          done(null)
          client.sequenceId = 0
        },
      })
      const answer = async (text: string): Promise<void> =>
        forward(client, (await own) ?? shared[turn++ % shared.length]!, text)
      client.on('query', (text) => void answer(text))
      client.on('stmt_prepare', (text) => void answer(text))
    },
  )
  server.listen(0)
  const { _server: listening } = server as unknown as { readonly _server: import('node:net').Server }
  if (!listening.listening) await once(listening, 'listening')
  atTestEnd(() => void listening.close())
  const { port } = listening.address() as AddressInfo
  return { url: `mysql://proxied@127.0.0.1:${port}/${db.name}` }
}

async function forward(client: Client, session: Connection, text: string): Promise<void> {
  try {
    const [result, fields] = await session.query(text)
    if (Array.isArray(result)) client.writeTextResult(result, fields)
    else client.writeOk(result)
  } catch (error) {
    const { errno, message } = error as { errno?: number; message: string }
    client.writeError({ code: errno ?? 1105, message })
  }
  client.sequenceId = 0
}
