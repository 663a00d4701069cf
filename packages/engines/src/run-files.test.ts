import { mkdtemp, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { openRunFiles, removeRunFiles, runFiles } from './run-files.js'

let parent: string

beforeEach(async () => {
  parent = await mkdtemp(path.join(tmpdir(), 'phasegate-files-'))
})
afterEach(() => rm(parent, { recursive: true, force: true }))

const modeOf = async (file: string): Promise<number> => (await stat(file)).mode & 0o777

test('only its user may enter, and read what is written', async () => {
  const files = await openRunFiles(path.join(parent, 'run'))
  await writeFile(files.path('credentials'), 'before', { mode: 0o644 })
  await files.write('credentials', 'secret')
  expect(await modeOf(files.directory)).toBe(0o700)
  expect(await modeOf(files.path('credentials'))).toBe(0o600)
  expect(await files.read('credentials')).toBe('secret')
})

test('what is not there is not there, whether its directory is or not', async () => {
  const files = runFiles(path.join(parent, 'none'))
  expect(await files.read('pid')).toBeUndefined()
  expect(await files.exists('pid')).toBe(false)
  await files.remove('pid')
  await files.keep()
  await removeRunFiles(files.directory)
})

test('keeps its files from looking old', async () => {
  const files = await openRunFiles(path.join(parent, 'run'))
  await files.write('hold', '')
  const old = new Date('2020-01-01')
  await utimes(files.path('hold'), old, old)
  await files.keep()
  expect((await stat(files.path('hold'))).mtimeMs).toBeGreaterThan(Date.now() - 60_000)
})
