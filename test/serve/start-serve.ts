import { expect } from 'vitest'
import { environment } from '../conformance/verbs.js'
import type { Project } from '../support/project.js'
import { startCli } from '../support/run-cli.js'
import type { AnyDatabase } from '../support/servers.js'
import { followLog } from '../worker/daemon.js'

export interface Answered {
  readonly status: number
  readonly headers: Headers
  readonly text: string
  /** The body; fails where it is no JSON. */
  json(): Record<string, unknown>
}

export interface Served {
  readonly url: string
  get(path: string, headers?: Record<string, string>): Promise<Answered>
  post(path: string, body?: object | string, headers?: Record<string, string>): Promise<Answered>
  /** Everything that it wrote. */
  output(): string
  /** SIGTERM; fails where it does not end with 0. */
  stop(): Promise<void>
}

/** Starts `phasegate serve` as a process of its own, on a free port. */
export async function startServe(
  project: Project,
  db: Pick<AnyDatabase, 'url'>,
  { args = [], env = {} }: { readonly args?: readonly string[]; readonly env?: Readonly<Record<string, string>> } = {},
): Promise<Served> {
  const cli = startCli(project, ['serve', '--port', '0', ...args], { env: environment(db, env), timeout: 180_000 })
  const url = String((await followLog(cli).heard('serve.started')).url)
  const ask = async (path: string, init: RequestInit): Promise<Answered> => {
    const response = await fetch(`${url}${path}`, init)
    const text = await response.text()
    return { status: response.status, headers: response.headers, text, json: () => JSON.parse(text) }
  }
  return {
    url,
    get: (path, headers = {}) => ask(path, { headers }),
    post: (path, body = {}, headers = {}) =>
      ask(path, {
        method: 'POST',
        body: typeof body === 'string' ? body : JSON.stringify(body),
        headers: { 'content-type': 'application/json', ...headers },
      }),
    output: () => `${cli.stdout()}${cli.stderr()}`,
    stop: async () => {
      cli.kill('SIGTERM')
      const { code, stderr } = await cli.ended
      expect(code, stderr).toBe(0)
    },
  }
}
