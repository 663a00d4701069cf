import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Emit, EXIT, type ExitCode, isPhase, PhasegateError } from '@phasegate/core'
import type { Status } from '@phasegate/status'
import { redactUrls } from '../config/redact-url.js'
import type { TargetOptions } from '../target/open-runner.js'
import type { GateAnswerOfUnit } from '../verbs/gate.js'
import { type Action, actionOf } from './actions.js'
import { readBody } from './read-body.js'
import { RequestRefused } from './serve-errors.js'
import type { Tokens } from './tokens.js'

export interface RequestOptions {
  /** Answers every page that needs no evaluation. */
  readonly status: Pick<Status, 'http'>
  /** Asks the gates of a unit now. */
  readonly askGate: (unit: string) => Promise<GateAnswerOfUnit>
  readonly tokens: Tokens
  /** For the verbs behind the actions. */
  readonly target: TargetOptions
  /** Only requests to these names are answered; undefined: to any. */
  readonly hosts: ReadonlySet<string> | undefined
  readonly emit: Emit
}

/** One request to `phasegate serve`. Never rejects. */
export async function handleRequest(
  options: RequestOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    assertHost(options.hosts, request)
    const path = pathOf(request.url ?? '')
    const action = actionOf(path)
    if (action !== undefined) return answer(response, 200, { ok: true, ...(await act(options, action, request)) })
    if (isRead(request) && path[0] === 'migrations' && path[1] === 'gate' && path.length === 4) {
      return await answerGate(options, path, request, response)
    }
    if (options.status.http.handle(request, response)) return
    throw new RequestRefused(404, 'no such page')
  } catch (error) {
    refuse(response, error)
  }
}

/** A page elsewhere that had its name point here would be read by whoever wrote it. */
function assertHost(hosts: RequestOptions['hosts'], request: IncomingMessage): void {
  const name = (request.headers.host ?? '').replace(/:\d+$/, '').toLowerCase()
  if (hosts !== undefined && !hosts.has(name)) throw new RequestRefused(421, 'this server has another name')
}

function isRead({ method }: IncomingMessage): boolean {
  return method === 'GET' || method === 'HEAD'
}

function pathOf(url: string): readonly string[] {
  try {
    return url
      .split('?')[0]!
      .split('/')
      .filter((part) => part !== '')
      .map(decodeURIComponent)
  } catch {
    throw new RequestRefused(400, 'the path cannot be read')
  }
}

async function act(options: RequestOptions, action: Action, request: IncomingMessage): Promise<object> {
  if (request.method !== 'POST') throw new RequestRefused(405, 'POST only')
  if (!options.tokens.any) throw new RequestRefused(403, 'read-only: it was started without tokens')
  const token = options.tokens.nameOf(request.headers.authorization)
  if (token === undefined) throw new RequestRefused(401, 'Authorization: Bearer <token>')
  const body = await readBody(request, action.shape)
  const by = 'by' in body && typeof body.by === 'string' ? body.by : token
  const done = await action.run({ ...options.target, by, token }, body)
  options.emit({ type: 'serve.acted', action: action.name, by, token, path: request.url ?? '' })
  return done
}

async function answerGate(
  { askGate }: RequestOptions,
  [, , migration, phase]: readonly string[],
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  if (!isPhase(phase ?? '')) throw new RequestRefused(404, 'not a unit: <migration>/<expand|backfill|contract>')
  const gate = await askGate(`${migration}:${phase}`)
  const body = request.method === 'HEAD' ? undefined : gate
  if (gate.state === 'open') answer(response, 200, body)
  else answer(response, 503, body, { 'retry-after': '10' })
}

function answer(
  response: ServerResponse,
  status: number,
  body: object | undefined,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...more,
  })
  response.end(body === undefined ? undefined : `${redactUrls(JSON.stringify(body))}\n`)
}

/** Codes of names that nothing has. */
const NOT_FOUND: ReadonlySet<string> = new Set(['MIGRATION.UNKNOWN', 'MIGRATION.AMBIGUOUS', 'UNIT.UNKNOWN'])

const STATUS_OF_EXIT: ReadonlyMap<ExitCode, number> = new Map<ExitCode, number>([
  [EXIT.usage, 400],
  [EXIT.unreachable, 503],
  [EXIT.bug, 500],
])

function refuse(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy()
  else if (error instanceof RequestRefused) answer(response, error.status, { error: error.message }, moreOf(error))
  else if (error instanceof PhasegateError) {
    const status = NOT_FOUND.has(error.code) ? 404 : (STATUS_OF_EXIT.get(error.exit) ?? 409)
    answer(response, status, { error: error.toJSON() })
  } else answer(response, 500, { error: error instanceof Error ? error.message : String(error) })
}

/** A body that is too large is not read to its end, so that nothing else can come on that connection. */
function moreOf({ status }: RequestRefused): Readonly<Record<string, string>> {
  if (status === 401) return { 'www-authenticate': 'Bearer' }
  return status === 413 ? { connection: 'close' } : {}
}
