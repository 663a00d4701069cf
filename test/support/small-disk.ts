import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, realpathSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { atTestEnd } from './at-test-end.js'

/** A disk of a test's own, small enough to be filled. */
export interface SmallDisk {
  readonly path: string
  /** Fills it but for so many bytes; what was filled in before is let go first. */
  fill(leave: number): void
  /** Gives back what `fill` took. */
  empty(): void
}

/** Why this machine lets no test have a disk of its own; undefined where it does. */
export function whyNoSmallDisk(): string | undefined {
  if (process.platform !== 'linux' || process.getuid?.() !== 0)
    return 'a small disk of its own: run as root on Linux, where tmpfs can be mounted'
  const path = mkdtempSync(join(tmpdir(), 'phasegate-disk-'))
  try {
    const said = mount(path, 1024 * 1024)
    if (said === undefined) spawnSync('umount', [path])
    return said === undefined ? undefined : `a small disk of its own: tmpfs cannot be mounted here (${said})`
  } finally {
    rmdirSync(path)
  }
}

/** Mounts one of so many bytes; the end of the test takes it away, after the servers that were started on it later. */
export function createSmallDisk(bytes: number): SmallDisk {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'phasegate-disk-')))
  const said = mount(path, bytes)
  if (said !== undefined) throw new Error(`tmpfs cannot be mounted: ${said}`)
  chmodSync(path, 0o777)
  const filler = join(path, 'filler')
  const empty = (): void => rmSync(filler, { force: true })
  atTestEnd(() => {
    // Lazily: a server that was killed a moment ago may have files open still.
    spawnSync('umount', ['--lazy', path])
    rmdirSync(path)
  })
  return {
    path,
    empty,
    fill(leave) {
      empty()
      const { bavail, bsize } = statfsSync(path)
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail * bsize - leave)))
    },
  }
}

/** What it said where it could not; undefined: it is mounted. */
function mount(path: string, bytes: number): string | undefined {
  const { status, stderr, error } = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes}`, 'tmpfs', path], {
    encoding: 'utf8',
  })
  return status === 0 ? undefined : (error?.message ?? stderr.trim())
}
