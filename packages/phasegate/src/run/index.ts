/**
 * The verbs as functions: plain options in, plain results out, nothing printed. Errors are `PhasegateError`s.
 *
 * @packageDocumentation
 */

export {
  type BackfillOptions,
  type BackfillOutcome,
  type BackfillResult,
  runBackfillVerb as runBackfill,
} from '../verbs/backfill.js'
export { type CheckOptions, type CheckResult, runCheck } from '../verbs/check.js'
export { type ContractOptions, runContract } from '../verbs/contract.js'
export { type ControlOptions, type ControlResult, runCancel, runPause, runResume } from '../verbs/control.js'
export { type DecideOptions, type Decision, runApprove, runOverride, runRevoke } from '../verbs/decide.js'
export { type DoctorFinding, type DoctorResult, runDoctor } from '../verbs/doctor.js'
export { type ExpandOptions, runExpand } from '../verbs/expand.js'
export { type FitsOptions, type FitsResult, runFits } from '../verbs/fits.js'
export { type GateAnswerOfUnit, type GateOptions, runGate } from '../verbs/gate.js'
export { type InitOptions, type InitResult, runInit } from '../verbs/init.js'
export { type ManifestOptions, type ManifestResult, runManifest } from '../verbs/manifest.js'
export { type NewOptions, type NewResult, runNew } from '../verbs/new.js'
export { type PlanOptions, runPlan } from '../verbs/plan.js'
export { type RepackOptions, type RepackResult, runRepack } from '../verbs/repack.js'
export type { TableBytes } from '../verbs/repack-runs.js'
export { type Repair, type RepairOptions, runRepair } from '../verbs/repair.js'
export { type RevertOptions, runRevertVerb as runRevert } from '../verbs/revert.js'
export { runServe, type ServeOptions } from '../verbs/serve.js'
export { runStatus, type StatusOptions } from '../verbs/status.js'
export { runUpVerb as runUp, type UpOptions } from '../verbs/up.js'
export { runVerify, type Verification, type VerifyOptions, type VerifyResult } from '../verbs/verify.js'
export { runWait, type WaitOptions, type WaitResult } from '../verbs/wait.js'
export { runWorker, type WorkerOptions, type WorkerResult } from '../verbs/worker.js'
