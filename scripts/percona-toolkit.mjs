import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { debianMirror, isRootOnDebian } from './apt.mjs'

const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg'
/** Where the tests look beside PATH (test/support/pt-osc.ts). */
const FOLDER = '/opt/percona-toolkit-3.7/bin'
const TOOL = 'pt-online-schema-change'

/**
 * Gets a pt-online-schema-change for MySQL 8.4 and later out of the package of Debian unstable, without installing that: it is one
 * script, and runs with the Perl and the DBD::mysql of the stable package. What cannot be had is said and left alone.
 */
export function ensurePerconaToolkit() {
  if (existsSync(join(FOLDER, TOOL)) || !isRootOnDebian()) return
  if (!existsSync(KEYRING)) return console.log(`Not getting percona-toolkit 3.7: that takes ${KEYRING}.`)
  const folder = mkdtempSync(join(tmpdir(), 'phasegate-percona-'))
  try {
    const script = unpacked(folder)
    if (script === undefined) return console.log('Not getting percona-toolkit 3.7: Debian unstable cannot be reached.')
    mkdirSync(FOLDER, { recursive: true })
    cpSync(script, join(FOLDER, TOOL))
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @param {string} folder */
function unpacked(folder) {
  for (const name of ['lists/partial', 'cache/archives/partial', 'root'])
    mkdirSync(join(folder, name), { recursive: true })
  const sources = join(folder, 'sid.list')
  writeFileSync(sources, `deb [signed-by=${KEYRING}] ${debianMirror()} sid main\n`)
  const settings = [
    `Dir::Etc::sourcelist=${sources}`,
    'Dir::Etc::sourceparts=-',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'Acquire::Check-Valid-Until=false',
    'APT::Sandbox::User=root',
  ].flatMap((one) => ['-o', one])
  /** @param {string} command @param {readonly string[]} args */
  const run = (command, args) =>
    spawnSync(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] }).status === 0
  if (!run('apt-get', ['-qq', ...settings, 'update'])) return undefined
  if (!run('apt-get', ['-qq', ...settings, 'download', 'percona-toolkit'])) return undefined
  const file = readdirSync(folder).find((name) => name.endsWith('.deb'))
  if (file === undefined || !run('dpkg', ['-x', file, 'root'])) return undefined
  const script = join(folder, 'root/usr/bin', TOOL)
  return existsSync(script) ? script : undefined
}
