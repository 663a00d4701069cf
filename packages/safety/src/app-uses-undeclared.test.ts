import { describe, expect, it } from 'vitest'
import { checkMigration } from './check-migration.js'
import { migration } from './step-fixtures.test.support.js'

describe('APP_USES.UNDECLARED', () => {
  it('warns of a backfill or contract beside which nothing is declared', () => {
    for (const phase of ['backfill', 'contract'] as const) {
      const found = checkMigration(migration({ [phase]: [] }, { appUses: undefined }))
      expect(found).toMatchObject([
        { rule: 'APP_USES.UNDECLARED', severity: 'warning', unit: { phase }, where: { file: 'm.sql' } },
      ])
    }
  })

  it('asks for nothing beside an expand alone, or where it is declared', () => {
    expect(checkMigration(migration({ expand: [] }, { appUses: undefined }))).toEqual([])
    expect(checkMigration(migration({ contract: [] }, { appUses: 'both' }))).toEqual([])
  })
})
