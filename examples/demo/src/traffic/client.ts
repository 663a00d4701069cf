import { Agent, request } from 'node:http'
import { json } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import type { User } from '../application/user-store.js'
import type { Figures } from './figures.js'
import type { Truth } from './truth.js'

/** ms a client rests between two requests, on average; eight of them make some 350 requests/s. */
const PAUSE = 20
const TIMEOUT = 5_000
/** How many of the users that it wrote last a client keeps looking at. */
const RECENT = 40

export interface ClientSettings {
  readonly port: number
  /** This client's number, from 0, and how many there are: a user belongs to one client alone, or nobody knew the truth. */
  readonly number: number
  readonly clients: number
  readonly truth: Truth
  readonly figures: Figures
}

type Action = 'read' | 'verify' | 'unverify' | 'create'

/** One client: a request, its answer compared with the truth, a pause, until it is told to stop. */
export async function runClient(settings: ClientSettings, signal: AbortSignal): Promise<void> {
  const { truth, figures, number } = settings
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  const recent: string[] = []
  for (let round = 0; !signal.aborted; round++) {
    const measured = figures.request()
    try {
      await act(chooseAction(), round)
      measured.ok()
    } catch (error) {
      measured.failed(error instanceof Error ? error.message : String(error))
    }
    await sleep(PAUSE * (0.5 + Math.random()))
  }
  agent.destroy()

  async function act(action: Action, round: number): Promise<void> {
    if (action === 'create') {
      const verified = Math.random() < 0.5
      const user = await call('POST', '/users', { email: `client${number}.${round}@example.org`, verified })
      remember(user.id)
      truth.createdUser(user.id, verified)
      expectVerified(user, user.id, verified, action)
      return
    }
    const id = chooseUser()
    if (action === 'read') return expectVerified(await call('GET', `/users/${id}`), id, truth.isVerified(id), action)
    const user = await call('POST', `/users/${id}/${action}`)
    remember(id)
    truth.wrote(id, action === 'verify')
    expectVerified(user, id, action === 'verify', action)
  }

  /** Half of the time one that was written a moment ago, most likely by another release. */
  function chooseUser(): string {
    if (recent.length > 0 && Math.random() < 0.5) return recent[Math.floor(Math.random() * recent.length)]!
    const mine = Math.floor(truth.rows / settings.clients)
    return String(Math.floor(Math.random() * mine) * settings.clients + number + 1)
  }

  function remember(id: string): void {
    recent.push(id)
    if (recent.length > RECENT) recent.shift()
  }

  async function call(method: string, path: string, body?: object): Promise<User> {
    const headers = body === undefined ? {} : { 'content-type': 'application/json' }
    const { code, answer } = await new Promise<{ code: number; answer: unknown }>((resolve, reject) => {
      const sent = request({ agent, host: '127.0.0.1', port: settings.port, method, path, headers }, (response) => {
        json(response).then((answer) => resolve({ code: response.statusCode ?? 0, answer }), reject)
      })
      sent.setTimeout(TIMEOUT, () => sent.destroy(new Error(`no answer within ${TIMEOUT} ms`)))
      sent.on('error', (error) => reject(new Error(`${method} ${path}: ${error.message}`)))
      sent.end(body === undefined ? undefined : JSON.stringify(body))
    })
    if (code < 200 || code > 299) throw new Error(`${method} ${path}: ${code} ${JSON.stringify(answer)}`)
    return answer as User
  }
}

function chooseAction(): Action {
  const chance = Math.random()
  if (chance < 0.55) return 'read'
  if (chance < 0.75) return 'verify'
  return chance < 0.95 ? 'unverify' : 'create'
}

function expectVerified(user: User, id: string, verified: boolean, action: Action): void {
  if (user.id === id && user.verified === verified) return
  throw new Error(`${action} of user ${id}: expected verified ${verified}, got ${JSON.stringify(user)}`)
}
