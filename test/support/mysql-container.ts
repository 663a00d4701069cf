import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { dockerEngine, LABEL, removeContainers } from './docker.mjs'
import { freePort } from './free-port.js'
import { keepServer } from './keep-server.mjs'
import type { MysqlBody } from './mysql-body.js'
import { INIT_FILE, PASSWORD } from './mysql-settings.js'
import type { MysqlImage } from './mysql-sources.mjs'

const INIT_PATH = '/phasegate-init.sql'
const STOP_TIMEOUT_S = 30

/** Makes the data directory where there is none; then the server, as the container's process 1. */
const IN_FOLDER = '[ -d "$0/mysql" ] || mysqld --initialize-insecure --user=mysql --datadir="$0"; exec mysqld "$@"'

/**
 * A server in a container, with a port of its own on this machine that it keeps when it is killed and started again.
 *
 * @param folder of this machine, where its data is to be
 */
export async function mysqlContainer(
  { source }: MysqlImage,
  settings: readonly string[],
  folder?: string,
): Promise<MysqlBody> {
  const engine = await dockerEngine()
  if (engine === undefined) throw new Error('the Docker engine does not answer any more')
  const { GenericContainer, Wait } = await import('testcontainers')
  const host = engine.info.containerRuntime.host === 'localhost' ? '127.0.0.1' : engine.info.containerRuntime.host

  /** Where the engine is this machine's own, nobody else's machine has any business with the port. */
  class OwnContainer extends GenericContainer {
    protected override async beforeContainerCreated(): Promise<void> {
      if (host === '127.0.0.1')
        this.hostConfig.PortBindings = { '3306/tcp': [{ HostIp: host, HostPort: String(port) }] }
    }
  }
  const label = randomUUID()
  keepServer({ label })

  let port = await freePort()
  let id: string | undefined
  const container = () => engine.container.getById(id ?? '')
  const isRunning = async (): Promise<boolean> => (await container().inspect()).State.Running

  return {
    host,
    get port() {
      return port
    },
    async start() {
      if (id !== undefined) return container().start()
      const data = folder === undefined ? '/var/lib/mysql' : join(folder, 'data')
      const started = await new OwnContainer(source)
        .withBindMounts(folder === undefined ? [] : [{ source: folder, target: folder }])
        .withLabels({ [LABEL]: label })
        .withExposedPorts({ container: 3306, host: port })
        .withCopyContentToContainer([{ content: INIT_FILE, target: INIT_PATH, mode: 0o644 }])
        // The official image makes its root account of this; one that scripts/mysql-image.mjs built does not read it.
        .withEnvironment({ MYSQL_ROOT_PASSWORD: PASSWORD })
        .withCommand([
          ...(folder === undefined ? ['mysqld'] : ['sh', '-ec', IN_FOLDER, data]),
          '--user=mysql',
          `--datadir=${data}`,
          '--bind-address=0.0.0.0',
          `--init-file=${INIT_PATH}`,
          ...settings,
        ])
        // Whether it lets somebody in is asked by start-mysql.ts; this only has to return.
        .withWaitStrategy(Wait.forLogMessage(/ready for connections|\[ERROR\]/))
        .start()
      id = started.getId()
    },
    async ended() {
      const { Running, ExitCode } = (await container().inspect()).State
      return Running ? undefined : `its container ended with ${ExitCode}`
    },
    async kill() {
      if (!(await isRunning())) return
      // The engine answers when it has sent the signal (mysqld is the container's process 1).
      const gone = container().wait()
      await container().kill({ signal: 'SIGKILL' })
      await gone
    },
    async stop() {
      if (await isRunning()) await container().stop({ t: STOP_TIMEOUT_S })
    },
    async move() {
      await removeContainers(label)
      id = undefined
      port = await freePort()
    },
    async log() {
      if (id === undefined) return ''
      return demultiplexed(await container().logs({ follow: false, stdout: true, stderr: true }))
    },
  }
}

/** Docker Engine API, "Attach to a container", stream format: 8 bytes before each piece, the last four its length. */
function demultiplexed(output: Buffer): string {
  const pieces: Buffer[] = []
  for (let at = 0; at + 8 <= output.length; ) {
    const length = output.readUInt32BE(at + 4)
    pieces.push(output.subarray(at + 8, at + 8 + length))
    at += 8 + length
  }
  return Buffer.concat(pieces).toString('utf8')
}
