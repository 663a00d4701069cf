import { readdirSync, readFileSync } from 'node:fs'

/** Linux counts the time of processes in hundredths of a second, whatever its own clock (man 5 proc, "USER_HZ"). */
const MS_PER_TICK = 10

/** ms of a core that a process and all that it has started have used so far, those that ended included. Linux only. */
export function cpuOf(root: number): number {
  const ours = new Set([root])
  const processes = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .sort((a, b) => a - b)
    .flatMap((pid) => statOf(pid) ?? [])
  // A child may have a smaller number than its parent once numbers have come round.
  for (let before = 0; before !== ours.size; ) {
    before = ours.size
    for (const { pid, parent } of processes) if (ours.has(parent)) ours.add(pid)
  }
  const ticks = processes.filter(({ pid }) => ours.has(pid)).reduce((sum, one) => sum + one.ticks, 0)
  return ticks * MS_PER_TICK
}

export function parentOf(pid: number): number {
  const stat = statOf(pid)
  if (stat === undefined) throw new Error(`there is no process ${pid} here: the server is on another machine`)
  return stat.parent
}

interface Stat {
  readonly pid: number
  readonly parent: number
  readonly ticks: number
}

function statOf(pid: number): Stat | undefined {
  let text: string
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8')
  } catch {
    // It has ended since the folder was listed.
    return undefined
  }
  // The name is in brackets and may hold anything; after it state, parent, …; utime, stime, cutime and cstime are 14 to 17.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  const ticks = fields.slice(11, 15).reduce((sum, field) => sum + Number(field), 0)
  return { pid, parent: Number(fields[1]), ticks }
}
