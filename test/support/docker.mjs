// The Docker engine, by way of testcontainers, which knows where every kind of it listens. Loaded only where asked: most
// runs never need it.
import { existsSync } from 'node:fs'

/** @import { ContainerRuntimeClient } from 'testcontainers' */

/** Containers of one server carry it, so that they can be removed by whoever knows the server. */
export const LABEL = 'org.phasegate.test'

/** @returns {Promise<ContainerRuntimeClient | undefined>} undefined where no engine answers */
export async function dockerEngine() {
  // Its own reaper is one more image to pull; what must be removed, server-keeper.mjs removes.
  process.env.TESTCONTAINERS_RYUK_DISABLED = 'true'
  // testcontainers asks every known socket and takes a while; without any of them the answer is clear.
  const { DOCKER_HOST, HOME = '', XDG_RUNTIME_DIR = '' } = process.env
  const sockets = [
    '/var/run/docker.sock',
    `${XDG_RUNTIME_DIR}/docker.sock`,
    `${HOME}/.docker/run/docker.sock`,
    `${HOME}/.docker/desktop/docker.sock`,
    `${HOME}/.testcontainers.properties`,
  ]
  if (DOCKER_HOST === undefined && process.platform !== 'win32' && !sockets.some((file) => existsSync(file))) return
  const { getContainerRuntimeClient } = await import('testcontainers')
  try {
    return await getContainerRuntimeClient()
  } catch {
    // A socket that nobody listens on any more: as good as no engine.
    return undefined
  }
}

/**
 * Is this image on this machine? Nothing is pulled.
 *
 * @param {ContainerRuntimeClient} engine
 * @param {string} image
 */
export async function hasImage(engine, image) {
  try {
    await engine.container.dockerode.getImage(image).inspect()
    return true
  } catch (error) {
    if (/** @type {{ statusCode?: number }} */ (error).statusCode === 404) return false
    throw error
  }
}

/**
 * Removes the containers that carry this label, running or not, with their volumes.
 *
 * @param {string} label
 */
export async function removeContainers(label) {
  const engine = await dockerEngine()
  if (engine === undefined) return
  const { dockerode } = engine.container
  const found = await dockerode.listContainers({ all: true, filters: { label: [`${LABEL}=${label}`] } })
  await Promise.all(found.map(({ Id }) => dockerode.getContainer(Id).remove({ force: true, v: true })))
}
