import type { IncomingMessage } from 'node:http'
import { json } from 'node:stream/consumers'
import type { NewUser, UserStore } from './user-store.js'

interface Answer {
  readonly code: number
  readonly body: unknown
}

/** `GET /users/:id`, `POST /users/:id/verify`, `POST /users/:id/unverify`, `POST /users`. */
export async function answerUsers(users: UserStore, request: IncomingMessage): Promise<Answer> {
  const { method, url = '' } = request
  if (method === 'POST' && url === '/users') {
    return { code: 201, body: await users.create((await json(request)) as NewUser) }
  }
  const [, id, action] = /^\/users\/(\d+)(?:\/(verify|unverify))?$/.exec(url) ?? []
  if (id === undefined || (method === 'GET') !== (action === undefined))
    return { code: 404, body: { error: 'no route' } }
  const user = await (action === undefined
    ? users.find(id)
    : action === 'verify'
      ? users.verify(id)
      : users.unverify(id))
  return user === undefined ? { code: 404, body: { error: `no user ${id}` } } : { code: 200, body: user }
}
