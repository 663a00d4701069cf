import { parseUnitName, type UnitId } from '@phasegate/core'

export type PageKind = 'live' | 'startup' | 'ready' | 'status' | 'metrics'
export type UnitKind = 'unit' | 'gate'
export type Route = { readonly kind: PageKind } | { readonly kind: UnitKind; readonly unit: UnitId | undefined }

/** Where each page lives, by default. */
export const PATHS: Readonly<Record<PageKind, string>> = {
  live: '/health/live',
  startup: '/health/startup',
  ready: '/health/ready',
  status: '/migrations/status',
  metrics: '/migrations/metrics',
}

const PAGES = new Map((Object.entries(PATHS) as [PageKind, string][]).map(([kind, path]) => [path, { kind }]))

/** Which route a URL means; undefined: none of ours. */
export function routeOf(url: string): Route | undefined {
  const path = pathOf(url)
  const page = PAGES.get(path)
  if (page !== undefined) return page
  const kind = /^\/migrations\/(unit|gate)\/[^/]+\/[^/]+$/.exec(path)?.[1]
  return kind === 'unit' || kind === 'gate' ? { kind, unit: unitOf(url) } : undefined
}

/** The unit that the last two segments of a URL name, wherever the handler is mounted. */
export function unitOf(url: string): UnitId | undefined {
  const [migration, phase] = pathOf(url).split('/').slice(-2)
  try {
    return parseUnitName(`${decodeURIComponent(migration ?? '')}:${decodeURIComponent(phase ?? '')}`)
  } catch {
    // A malformed escape names no unit: the answer is 404.
    return undefined
  }
}

function pathOf(url: string): string {
  const query = url.indexOf('?')
  const path = query === -1 ? url : url.slice(0, query)
  return path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path
}
