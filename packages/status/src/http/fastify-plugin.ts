import { type Pages, respond } from './respond.js'
import { PATHS, type Route, unitOf } from './route.js'

/** What we need of Fastify, so that its types are no dependency. */
export interface FastifyRequestLike {
  readonly method: string
  readonly url: string
}
export interface FastifyReplyLike {
  code(status: number): FastifyReplyLike
  headers(headers: Record<string, string>): FastifyReplyLike
  send(body: string | Buffer): unknown
}
export interface FastifyLike {
  route(options: { method: string[]; url: string; exposeHeadRoute?: boolean; handler: FastifyHandler }): unknown
}
// biome-ignore lint/suspicious/noConfusingVoidType: Fastify's own handlers return the reply or nothing.
export type FastifyHandler = (request: FastifyRequestLike, reply: FastifyReplyLike) => unknown | void

/** A plugin that registers all routes (`app.register(status.fastify)`, with `prefix` where wanted), and each handler. */
export interface FastifyPlugin {
  (instance: FastifyLike, options: object, done: () => void): void
  readonly live: FastifyHandler
  readonly startup: FastifyHandler
  readonly ready: FastifyHandler
  readonly status: FastifyHandler
  readonly metrics: FastifyHandler
  /** For a URL that ends in `/:migration/:phase`. */
  readonly unit: FastifyHandler
  /** For a URL that ends in `/:migration/:phase`. */
  readonly gate: FastifyHandler
}

// OPTIONS stays with the application: CORS plugins answer it.
const METHODS = ['HEAD', 'GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function createFastifyPlugin(pages: () => Pages): FastifyPlugin {
  const handler =
    (routeFor: (request: FastifyRequestLike) => Route): FastifyHandler =>
    (request, reply) => {
      const { status, headers, body } = respond(request.method, routeFor(request), pages())
      return reply.code(status).headers(headers).send(body)
    }
  const handlers = {
    live: handler(() => ({ kind: 'live' })),
    startup: handler(() => ({ kind: 'startup' })),
    ready: handler(() => ({ kind: 'ready' })),
    status: handler(() => ({ kind: 'status' })),
    metrics: handler(() => ({ kind: 'metrics' })),
    unit: handler((request) => ({ kind: 'unit', unit: unitOf(request.url) })),
    gate: handler((request) => ({ kind: 'gate', unit: unitOf(request.url) })),
  }
  const urls: Readonly<Record<keyof typeof handlers, string>> = {
    ...PATHS,
    unit: '/migrations/unit/:migration/:phase',
    gate: '/migrations/gate/:migration/:phase',
  }
  const plugin = (instance: FastifyLike, _options: object, done: () => void): void => {
    for (const kind of Object.keys(handlers) as (keyof typeof handlers)[])
      instance.route({ method: METHODS, url: urls[kind], exposeHeadRoute: false, handler: handlers[kind] })
    done()
  }
  return Object.assign(plugin, handlers)
}
