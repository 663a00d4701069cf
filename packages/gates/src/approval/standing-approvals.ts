import type { Actor, ApprovalRecord, ApprovedClient, CompiledUnit, JournalSnapshot } from '@phasegate/core'

/** What of `Actor.through` says who somebody is: the surest first. A host or a process is nobody. */
export const APPROVER_KEYS = ['token', 'ciActor', 'databaseRole'] as const

/** Ways that belong to one person; behind a database role there may be many. */
const PERSONAL = ['token', 'ciActor'] as const

/**
 * Who approved, by the way in which it came. The name given is never asked: anybody can give any name. Approvals that
 * came through nothing known are all one approver, so that they never make two.
 */
export function approverOf(actor: Actor): string {
  const key = APPROVER_KEYS.find((known) => (actor.through[known] ?? '') !== '')
  return key === undefined ? 'unknown' : `${key} ${actor.through[key]}`
}

export interface StandingApproval {
  readonly approver: string
  readonly record: ApprovalRecord
  /** ms since the epoch; undefined never. */
  readonly expires: number | undefined
}

export interface ApprovalsAsked {
  /** ms after which an approval does not count any more. */
  readonly maxAge?: number | undefined
  /** Those for one of these clients alone; default those of the whole unit. */
  readonly clients?: readonly ApprovedClient[]
}

/**
 * The approvals of a unit that count now: of this very fingerprint, not revoked, not expired; one an approver, the one
 * that lasts longest.
 */
export function standingApprovals(
  snapshot: JournalSnapshot,
  unit: CompiledUnit,
  { maxAge, clients }: ApprovalsAsked = {},
): readonly StandingApproval[] {
  const now = Date.parse(snapshot.now)
  const byApprover = new Map<string, StandingApproval>()
  for (const record of approvalsOf(snapshot, unit, 'approval')) {
    if (record.fingerprint !== unit.fingerprint || record.revokedAt !== null || !isFor(record, clients)) continue
    const expires = expiryOf(record, maxAge)
    // Written so that a time which cannot be read (NaN) does not count.
    if (expires !== undefined && !(expires > now)) continue
    const approver = approverOf(record.actor)
    const other = byApprover.get(approver)
    if (other === undefined || lasts(expires) > lasts(other.expires)) {
      byApprover.set(approver, { approver, record, expires })
    }
  }
  return [...byApprover.values()].sort(
    (a, b) => lasts(b.expires) - lasts(a.expires) || (a.approver < b.approver ? -1 : 1),
  )
}

/**
 * Of these, as many as are certainly different people. One person may have a token and an account of the CI: two are told
 * apart by the ways that both came through, and differ in each of those (behind one database role there may be many, so that
 * it counts only where neither has another). Without a way in common nobody knows.
 */
export function differentPeople(standing: readonly StandingApproval[]): readonly StandingApproval[] {
  const people: StandingApproval[] = []
  for (const one of standing)
    if (people.every((other) => differ(one.record.actor, other.record.actor))) people.push(one)
  return people
}

function differ({ through: a }: Actor, { through: b }: Actor): boolean {
  const [ofA, ofB] = [a, b].map((through) => PERSONAL.filter((key) => (through[key] ?? '') !== ''))
  // Neither says more than its role: then that decides.
  if (ofA?.length === 0 && ofB?.length === 0)
    return isGiven(a.databaseRole) && isGiven(b.databaseRole) && a.databaseRole !== b.databaseRole
  const common = ofA?.filter((key) => ofB?.includes(key)) ?? []
  return common.length > 0 && common.every((key) => a[key] !== b[key])
}

function isFor({ gate }: ApprovalRecord, clients: readonly string[] | undefined): boolean {
  return clients === undefined ? gate === null : gate !== null && clients.includes(gate)
}

const isGiven = (value: string | undefined): boolean => value !== undefined && value !== ''

/** Approvals or overrides of a unit, whatever has become of them. */
export function approvalsOf(
  snapshot: JournalSnapshot,
  unit: CompiledUnit,
  kind: ApprovalRecord['kind'],
): readonly ApprovalRecord[] {
  const { migration, phase } = unit.id
  return snapshot.approvals.filter(
    (record) => record.kind === kind && record.migration === migration && record.phase === phase,
  )
}

function expiryOf(record: ApprovalRecord, maxAge: number | undefined): number | undefined {
  const own = record.expiresAt === null ? undefined : Date.parse(record.expiresAt)
  const aged = maxAge === undefined ? undefined : Date.parse(record.at) + maxAge
  if (own === undefined || aged === undefined) return own ?? aged
  return Math.min(own, aged)
}

/** Infinity minus Infinity is NaN, so that "never" is only very late. */
function lasts(expires: number | undefined): number {
  return expires ?? Number.MAX_SAFE_INTEGER
}
