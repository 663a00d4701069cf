import { findUnit, type JournalSnapshot, type UnitId, unitName } from '@phasegate/core'
import { describeGate } from '../document/describe-gates.js'
import type { StatusDocument } from '../document/status-document.js'
import type { Metric } from '../metrics/metric.js'
import { PROMETHEUS_TYPE, prometheusText } from '../metrics/prometheus-text.js'
import type { Route } from './route.js'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string | Buffer
}

/** What a process knows, as pages need it. Pages that do not depend on the request are made when it changes. */
export interface Pages {
  readonly live: Answer
  readonly startup: Answer
  readonly ready: Answer
  /** With the age of now. */
  readonly status: () => Answer
  /** In the text format of Prometheus. */
  readonly metrics: () => Answer
  readonly unit: (unit: UnitId) => Answer
  readonly gate: (unit: UnitId) => Answer
}

/** The one place where a request becomes an answer. */
export function respond(method: string | undefined, route: Route, pages: Pages): Answer {
  if (method !== 'GET' && method !== 'HEAD') return METHOD_NOT_ALLOWED
  switch (route.kind) {
    case 'unit':
    case 'gate':
      return route.unit === undefined ? NO_SUCH_UNIT : pages[route.kind](route.unit)
    case 'status':
    case 'metrics':
      return pages[route.kind]()
    default:
      return pages[route.kind]
  }
}

export function answer(status: number, body: object, more: Readonly<Record<string, string>> = {}): Answer {
  return jsonAnswer(status, JSON.stringify(body), more)
}

/** @param json written already */
export function jsonAnswer(status: number, json: string | Buffer, more: Readonly<Record<string, string>> = {}): Answer {
  return page(status, 'application/json; charset=utf-8', json, more)
}

function page(
  status: number,
  type: string,
  body: string | Buffer,
  more: Readonly<Record<string, string>> = {},
): Answer {
  return {
    status,
    headers: {
      'content-type': type,
      'content-length': String(Buffer.byteLength(body)),
      'cache-control': 'no-store',
      ...more,
    },
    body,
  }
}

const METHOD_NOT_ALLOWED = answer(405, { error: 'GET and HEAD only' }, { allow: 'GET, HEAD' })
const NO_SUCH_UNIT = answer(404, { error: 'not a unit: <migration>/<expand|backfill|contract>' })

export function livePage(unrecoverable: string | undefined): Answer {
  return unrecoverable === undefined
    ? answer(200, { status: 'pass' })
    : answer(503, { status: 'fail', reason: unrecoverable })
}

export function startupPage(attempted: boolean): Answer {
  return attempted
    ? answer(200, { status: 'pass' })
    : answer(503, { status: 'fail', reason: 'the journal was not asked yet' })
}

/** Small, and without names of tables or migrations: probes are often reachable from outside. */
export function readyPage(document: StatusDocument, ready: boolean): Answer {
  const { verdict, draining, heartbeat, missing } = document
  return answer(ready ? 200 : 503, {
    status: ready ? document.status : 'fail',
    verdict,
    ...(draining ? { draining } : {}),
    ...(heartbeat === 'waiting' ? { heartbeat } : {}),
    ...(missing.length === 0 ? {} : { missing: missing.length }),
  })
}

export function metricsPage(metrics: readonly Metric[]): Answer {
  return page(200, PROMETHEUS_TYPE, prometheusText(metrics))
}

/** 200 once the unit is applied, else 503 with the time after which asking again makes sense. */
export function unitPage(unit: UnitId, snapshot: JournalSnapshot | undefined, retryAfter: number): Answer {
  const record = snapshot && findUnit(snapshot, unit.migration, unit.phase)
  const state = snapshot === undefined ? 'unknown' : (record?.state ?? 'pending')
  const body = { unit: unitName(unit), state, progress: record?.progress ?? null }
  return state === 'applied' ? answer(200, body) : answer(503, body, { 'retry-after': String(retryAfter) })
}

/** 200 while the recorded evidence says open; only the command line asks a gate. */
export function gatePage(unit: UnitId, snapshot: JournalSnapshot | undefined, now: number, retryAfter: number): Answer {
  const name = unitName(unit)
  const gate = snapshot === undefined ? undefined : describeGate(snapshot, name, now)
  const body = { unit: name, state: gate?.state ?? 'unknown', checks: gate?.checks ?? [] }
  return body.state === 'open' ? answer(200, body) : answer(503, body, { 'retry-after': String(retryAfter) })
}
