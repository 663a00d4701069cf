import type { IncomingMessage, ServerResponse } from 'node:http'
import { type Answer, type Pages, respond } from './respond.js'
import { type PageKind, type Route, routeOf, unitOf } from './route.js'

/** Fits node:http, and Express, whose requests and responses are those of node:http. */
export type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface NodeHandlers {
  readonly live: NodeHandler
  readonly startup: NodeHandler
  readonly ready: NodeHandler
  readonly status: NodeHandler
  readonly metrics: NodeHandler
  /** For a path that ends in `/:migration/:phase`. */
  readonly unit: NodeHandler
  /** For a path that ends in `/:migration/:phase`. */
  readonly gate: NodeHandler
}

export interface HttpHandlers extends NodeHandlers {
  /** Answers all our paths; false: the path is none of ours, and nothing was done. */
  readonly handle: (request: IncomingMessage, response: ServerResponse) => boolean
}

export interface ExpressHandlers extends NodeHandlers {
  /** Middleware that answers all our paths and passes everything else on: `app.use(status.express.routes)`. */
  readonly routes: (request: IncomingMessage, response: ServerResponse, next: () => void) => void
}

export function createNodeHandlers(pages: () => Pages): { http: HttpHandlers; express: ExpressHandlers } {
  const page = (kind: PageKind): NodeHandler => {
    const route: Route = { kind }
    return (request, response) => send(request, response, respond(request.method, route, pages()))
  }
  const unitPage =
    (kind: 'unit' | 'gate'): NodeHandler =>
    (request, response) =>
      send(request, response, respond(request.method, { kind, unit: unitOf(request.url ?? '') }, pages()))
  const handlers: NodeHandlers = {
    live: page('live'),
    startup: page('startup'),
    ready: page('ready'),
    status: page('status'),
    metrics: page('metrics'),
    unit: unitPage('unit'),
    gate: unitPage('gate'),
  }
  const handle = (request: IncomingMessage, response: ServerResponse): boolean => {
    const route = routeOf(request.url ?? '')
    if (route === undefined) return false
    send(request, response, respond(request.method, route, pages()))
    return true
  }
  return {
    http: { ...handlers, handle },
    express: {
      ...handlers,
      routes: (request, response, next) => {
        if (!handle(request, response)) next()
      },
    },
  }
}

function send(request: IncomingMessage, response: ServerResponse, { status, headers, body }: Answer): void {
  response.writeHead(status, headers)
  response.end(request.method === 'HEAD' ? undefined : body)
}
