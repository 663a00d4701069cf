import { expect, test } from 'vitest'
import { findExportsWithoutDefault, findMissingPlatformPackages } from '../../scripts/package-rules.mjs'

test('an exports condition without default is found at every depth', () => {
  const exports = {
    '.': { import: { types: './a.d.ts' }, default: './a.js' },
    './b': { types: './b.d.ts', import: './b.js' },
    './c': './c.js',
  }
  expect(findExportsWithoutDefault({ name: 'p', exports })).toEqual([
    'p: exports["."]["import"] has no default',
    'p: exports["./b"] has no default',
  ])
})

test('a platform package that the lock file lacks is found, one that is nested or hoisted is not', () => {
  const lock = {
    packages: {
      'node_modules/a': { optionalDependencies: { hoisted: '1.0.0', nested: '1.0.0', missing: '2.0.0' } },
      'node_modules/hoisted': { version: '1.0.0' },
      'node_modules/a/node_modules/nested': { version: '1.0.0' },
    },
  }
  expect(findMissingPlatformPackages(lock)).toEqual(['missing@2.0.0, which node_modules/a wants'])
})
