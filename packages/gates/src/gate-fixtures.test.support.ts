import type {
  ApprovalRecord,
  BuildRecord,
  ClientSessions,
  Clients,
  CompiledMigration,
  Gate,
  GateCheck,
  GateContext,
  GateState,
  InstanceRecord,
  JournalSnapshot,
  Phase,
  StatementUseReading,
  UnitRecord,
  WritersReading,
} from '@phasegate/core'

export const NOW = '2026-11-22T12:00:00.000Z'

/** A migration with all three phases, in TypeScript, whose code says `new`. */
export function migration(change: Partial<CompiledMigration> = {}): CompiledMigration {
  const unit = (phase: Phase) => ({ id: { migration: 'm', phase }, fingerprint: '1:authored', steps: [] })
  const backfill = {
    table: { name: 'users' },
    set: [{ column: 'email_verified', expression: 'true' }],
    batchSize: 1000,
    batchTime: 250,
    once: false,
    comparable: true,
    reads: [],
    written: '',
  }
  return {
    name: 'm',
    file: 'm.ts',
    format: 'typescript',
    appUses: 'new',
    applications: undefined,
    hasSync: false,
    units: { expand: unit('expand'), backfill: { ...unit('backfill'), backfill }, contract: unit('contract') },
    revert: { possible: true, steps: [] },
    gates: {},
    ...change,
  }
}

export function record(phase: Phase, change: Partial<UnitRecord> = {}): UnitRecord {
  return {
    migration: 'm',
    phase,
    state: 'applied',
    fingerprint: '1:authored',
    attempts: 1,
    actor: null,
    since: NOW,
    startedAt: NOW,
    finishedAt: '2026-11-21T12:00:00.000Z',
    error: null,
    request: null,
    pointOfNoReturn: false,
    detail: phase === 'backfill' ? { verified: { at: NOW, mismatches: 0 } } : {},
    progress: null,
    ...change,
  }
}

let approvals = 0
export function approvalRecord(
  change: Partial<ApprovalRecord> & { through?: Record<string, string> } = {},
): ApprovalRecord {
  const { through = { ciActor: 'ann' }, ...rest } = change
  return {
    id: `${++approvals}`,
    migration: 'm',
    phase: 'contract',
    kind: 'approval',
    gate: null,
    actor: { by: 'Ann', through },
    reason: 'all is rolled out',
    fingerprint: '1:authored',
    at: '2026-11-22T11:00:00.000Z',
    expiresAt: null,
    revokedAt: null,
    usedAt: null,
    ...rest,
  }
}

export function build(application: string, uses: BuildRecord['uses'], liveInstances = 1): BuildRecord {
  return { digest: `${application}-digest`, application, firstSeen: NOW, lastSeen: NOW, liveInstances, uses }
}

/** A live instance of a build, reporting as `app` from 10.0.0.1. */
export function instance(of: BuildRecord, change: Partial<InstanceRecord> = {}): InstanceRecord {
  return {
    id: `pod-1/${of.digest}`,
    digest: of.digest,
    application: of.application,
    draining: false,
    firstSeen: NOW,
    lastSeen: NOW,
    expiresAt: '2026-11-22T12:03:00.000Z',
    role: 'app',
    client: '10.0.0.1',
    ...change,
  }
}

export interface Situation {
  readonly phase?: Phase
  readonly action?: GateContext['action']
  readonly migration?: Partial<CompiledMigration>
  readonly units?: readonly UnitRecord[]
  readonly approvals?: readonly ApprovalRecord[]
  readonly builds?: readonly BuildRecord[]
  readonly mismatches?: number
  readonly use?: StatementUseReading
  readonly writers?: WritersReading
  readonly evidence?: JournalSnapshot['evidence']
  readonly now?: string
  readonly clients?: Clients
  readonly live?: readonly InstanceRecord[]
  readonly sessions?: readonly ClientSessions[]
  readonly hidden?: string
}

export function context(situation: Situation = {}): GateContext {
  const file = migration(situation.migration)
  const phase = situation.phase ?? 'contract'
  const snapshot: JournalSnapshot = {
    exists: true,
    version: 1,
    target: 'c0ffee',
    database: 'shop',
    server: { dialect: 'postgres', version: '18.0' },
    now: situation.now ?? NOW,
    held: null,
    units: situation.units ?? [record('expand'), record('backfill')],
    approvals: situation.approvals ?? [],
    evidence: situation.evidence ?? [],
    builds: situation.builds ?? [],
  }
  return {
    unit: file.units[phase] ?? { id: { migration: 'm', phase }, fingerprint: '1:authored', steps: [] },
    migration: file,
    action: situation.action ?? 'apply',
    snapshot,
    statementUse: async () =>
      situation.use ?? { exists: true, problems: [], marks: [], uses: [], dependents: [], replicas: 0 },
    clients: situation.clients,
    liveInstances: async () => situation.live ?? [],
    clientSessions: async () => ({ sessions: situation.sessions ?? [], hidden: situation.hidden ?? null }),
    writersOf: async () => situation.writers ?? { exists: true, counted: true, lastWrite: null, sessions: 0 },
    verifyBackfill: async () => ({ mismatches: situation.mismatches ?? 0, sampleKeys: ['17', '42'] }),
  }
}

export function stub(name: string, state: GateState, cost: Gate['cost'] = 0): Gate & { asked: number } {
  const gate = {
    name,
    cost,
    asked: 0,
    check: async (): Promise<GateCheck> => {
      gate.asked++
      return { name, state, reason: `says ${state}`, observedAt: NOW }
    },
  }
  return gate
}
