import type { TimeWindow } from './throttle-settings.js'

const FORM = /^(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})(?:\s+(\S+))?$/
const DAY = 24 * 60

/**
 * Reads `22:00-06:00 Europe/Berlin`; without a zone it is UTC. Undefined where it is none.
 *
 * @example
 * readTimeWindow('22:00-06:00 Europe/Berlin') // { start: 1320, end: 360, zone: 'Europe/Berlin' }
 */
export function readTimeWindow(text: string): TimeWindow | undefined {
  const match = FORM.exec(text.trim())
  if (match === null) return undefined
  const [, startHour, startMinute, endHour, endMinute, zone = 'UTC'] = match
  const start = minutes(startHour!, startMinute!)
  const end = minutes(endHour!, endMinute!)
  if (start === undefined || end === undefined || start === DAY || start === end || !isZone(zone)) return undefined
  return { start, end, zone }
}

/** 24:00 is the end of a day. */
function minutes(hour: string, minute: string): number | undefined {
  const all = Number(hour) * 60 + Number(minute)
  return Number(minute) < 60 && all <= DAY ? all : undefined
}

function isZone(zone: string): boolean {
  // Intl takes offsets such as +02:00 for zones too; those know no summer time, which is what a zone is for.
  if (/^[+-]/.test(zone)) return false
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: zone })
    return true
  } catch {
    return false
  }
}

/**
 * What of `windows` to wait for at this instant; undefined inside one of them, or where there is none. Goes by the clock on
 * the wall of the zone: in the night that has no 02:30, a window that begins then opens at 03:00; an hour that comes twice
 * is inside twice.
 *
 * @param at ms since 1970
 */
export function waitsForWindow(windows: readonly TimeWindow[], at: number): TimeWindow | undefined {
  let next: { readonly window: TimeWindow; readonly inMinutes: number } | undefined
  for (const window of windows) {
    const now = wallMinutes(at, window.zone)
    if (isInside(window, now)) return undefined
    const inMinutes = (window.start - now + DAY) % DAY
    if (next === undefined || inMinutes < next.inMinutes) next = { window, inMinutes }
  }
  return next?.window
}

/** `22:00 Europe/Berlin` */
export function startOfWindow({ start, zone }: TimeWindow): string {
  return `${timeOfDay(start)} ${zone}`
}

/** `22:00-06:00 Europe/Berlin` */
export function describeWindow({ start, end, zone }: TimeWindow): string {
  return `${timeOfDay(start)}-${timeOfDay(end)} ${zone}`
}

function timeOfDay(minutes: number): string {
  const two = (value: number): string => String(value).padStart(2, '0')
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`
}

function isInside({ start, end }: TimeWindow, now: number): boolean {
  return start < end ? now >= start && now < end : now >= start || now < end
}

const clocks = new Map<string, Intl.DateTimeFormat>()

function wallMinutes(at: number, zone: string): number {
  let clock = clocks.get(zone)
  if (clock === undefined) {
    clock = new Intl.DateTimeFormat('en-US', { timeZone: zone, hour: 'numeric', minute: 'numeric', hourCycle: 'h23' })
    clocks.set(zone, clock)
  }
  const parts = clock.formatToParts(at)
  const read = (type: 'hour' | 'minute'): number => Number(parts.find((part) => part.type === type)?.value)
  return read('hour') * 60 + read('minute')
}
