import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Cleanup } from '../../cleanup.js'
import { firstStatements, SERVER_SETTINGS } from './first-statements.js'
import { untilReachable } from './until-reachable.js'

const docker = async (...args: readonly string[]): Promise<string> =>
  (await promisify(execFile)('docker', [...args])).stdout.trim()

/** The first image that is there, else the first that can be fetched; undefined where no engine answers or none can. */
export async function findImage(images: readonly string[]): Promise<string | undefined> {
  const first = async (work: (image: string) => Promise<unknown>): Promise<string | undefined> => {
    for (const image of images) {
      const found = await work(image).then(
        () => true,
        () => false, // Not there, or no engine: the next one is tried, and at last there is none.
      )
      if (found) return image
    }
    return undefined
  }
  return (
    (await first((image) => docker('image', 'inspect', image))) ?? first((image) => docker('pull', '--quiet', image))
  )
}

export interface DockerStart {
  readonly image: string
  /** Makes the data directory. */
  readonly install: string
  readonly server: string
  readonly database: string
  readonly password: string
  readonly cleanup: Cleanup
  urlOf(port: number): string
}

/** Runs the server of an image as the image's account `mysql`, past whatever the image itself would start. */
export async function startInDocker(start: DockerStart): Promise<string> {
  const { image, install, server, cleanup } = start
  const container = await docker(
    ...['run', '--detach', '--rm', '--user', 'mysql', '--publish', '127.0.0.1::3306', '--entrypoint', 'sh'],
    ...['--env', `FIRST=${firstStatements(start.database, start.password)}`],
    image,
    '-ec',
    `umask 077; printf %s "$FIRST" > /tmp/first.sql
     ${install} --datadir=/tmp/data
     exec ${server} --no-defaults --datadir=/tmp/data --socket=/tmp/server.sock --pid-file=/tmp/server.pid \\
       --secure-file-priv=/tmp --init-file=/tmp/first.sql ${SERVER_SETTINGS.join(' ')}`,
  )
  cleanup.add(async () => void (await docker('rm', '--force', '--volumes', container)))
  const address = await docker('port', container, '3306/tcp')
  const url = start.urlOf(Number(address.slice(address.lastIndexOf(':') + 1)))
  await untilReachable(url, () => whyEnded(container))
  return url
}

/** With `--rm` a container that ended is gone, and its log with it. */
async function whyEnded(container: string): Promise<string | undefined> {
  try {
    await docker('inspect', container)
    return undefined
  } catch {
    return 'the container ended before its server took connections'
  }
}
