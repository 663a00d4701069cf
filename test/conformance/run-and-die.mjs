// Runs a verb of `phasegate/run` in the working directory and kills its own process, with SIGKILL, the moment that a step
// or a batch is done. Ends with the verb's exit code where none was: `node run-and-die.mjs expand|backfill|contract <database name>`.
import { runBackfill, runContract, runExpand } from 'phasegate/run'

const VERBS = { expand: runExpand, backfill: runBackfill, contract: runContract }

const verb = /** @type {keyof typeof VERBS} */ (process.argv[2])
const { exit, units } = await VERBS[verb]({
  confirm: process.argv[3] ?? '',
  emit({ type }) {
    if (type === 'step.done' || type === 'batch.done') process.kill(process.pid, 'SIGKILL')
  },
})
console.log(JSON.stringify(units))
process.exitCode = exit
