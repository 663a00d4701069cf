import { chmodSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { probe } from './probe.js'

const folder = mkdtempSync(join(tmpdir(), 'phasegate-probe-'))

/** A program that answers as that version does. */
function answers(name: string, version: string, knowsFlag = false): string {
  const path = join(folder, name)
  writeFileSync(path, `#!/bin/sh\n[ "$1" = --version ] && { echo '${version}'; exit; }\nexit ${knowsFlag ? 0 : 2}\n`)
  chmodSync(path, 0o755)
  return path
}

test.each([
  ['1.1.9 (git commit: 4d389238f0fa52d31d4eaf03efcdff2a92100b36)', '1.1.9', []],
  ['1.1.10 (git commit: 835f5379afe7318d80d4f347016e3d81721327c7)', '1.1.10', []],
  ['2.0.0', '2.0.0', ['old names']],
])('%s', async (said, version, features) => {
  const path = answers(`gh-ost-${version}`, said)
  expect(await probe({ path })).toEqual({ path, version, features: new Set(features) })
})

test.each(['1.1.6', '1.1.8 (git commit: x)', '0.9.99'])('%s is too old', async (said) =>
  expect(await probe({ path: answers('old', said) }).catch((error) => error)).toMatchObject({
    code: 'ENGINE.TOO_OLD',
    message: expect.stringMatching(/1\.1\.9/),
  }),
)

test('a build that names no version is placed by its flags', async () => {
  const said = 'unversioned (git commit: unknown)'
  expect(await probe({ path: answers('recent', said, true) })).toMatchObject({
    features: new Set(['old names']),
  })
  await expect(probe({ path: answers('unknown', said) })).rejects.toMatchObject({ code: 'ENGINE.TOO_OLD' })
})

test('what is not there, or is something else, is missing', async () => {
  await expect(probe({ path: join(folder, 'nothing') })).rejects.toMatchObject({ code: 'ENGINE.MISSING' })
  await expect(probe({ path: answers('other', 'usage: other [options]') })).rejects.toMatchObject({
    code: 'ENGINE.MISSING',
  })
})
