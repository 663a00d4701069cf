/**
 * An ISO time as a DATETIME literal in UTC, since a DATETIME has no time zone and the servers refuse its `Z` (error 1292).
 * Microseconds are kept.
 *
 * @example
 * utcDatetime('2026-11-22T09:30:00.123456Z') // 2026-11-22 09:30:00.123456
 */
export function utcDatetime(iso: string): string {
  const utc = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d(?:\.\d{1,6})?)Z$/.exec(iso)
  if (utc !== null) return `${utc[1]} ${utc[2]}`
  return new Date(iso).toISOString().slice(0, -1).replace('T', ' ')
}

/** ISO text of a DATETIME that holds UTC, with microseconds: survives any client and any time zone. */
export const isoText = (expression: string): string => `DATE_FORMAT(${expression}, '%Y-%m-%dT%H:%i:%s.%fZ')`
