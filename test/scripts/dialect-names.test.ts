import { describe, expect, test } from 'vitest'
import { conditionsOnDialect } from '../../scripts/dialect-names.mjs'

describe('a decision by the name of a database', () => {
  test.each([
    "if (dialect === 'mysql') run()",
    "const safe = name !== 'postgres' ? 1 : 2",
    "switch (kind) { case 'mariadb': break }",
    'switch (target.dialect) { default: }',
    'if (target.dialect === wanted) run()',
    "if (server.flavour === 'mariadb') run()",
    'if (target.dialect.name == wanted) run()',
    "if (url.startsWith('postgres://')) run()",
    "if (url.protocol === 'postgresql:') run()",
    "if (['mysql', 'mariadb'].includes(found)) run()",
    'if (/^mysql/.test(url)) run()',
  ])('is found: %s', (code) => {
    expect(conditionsOnDialect('x.ts', `\n${code}`)).toMatchObject([{ line: 2 }])
  })

  test.each([
    "const dialect = 'postgres'",
    "import { postgres } from '@phasegate/postgres'",
    'if (target.dialect === undefined) run()',
    'if (saved.dialect !== now.dialect) run()',
    "if (table === 'users') run()",
    "throw new Error('PostgreSQL 18 is not mysql')",
    "if (await target.canRenameAtomically('postgres')) run()",
    "type Found = Name extends 'mysql' ? 1 : 2",
  ])('is not seen in: %s', (code) => {
    expect(conditionsOnDialect('x.ts', code)).toEqual([])
  })
})
