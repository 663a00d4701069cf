import { describe, expect, it, vi } from 'vitest'
import { type Database, queryFunctionOf } from './database.js'

const refused = expect.objectContaining({ code: 'STATUS.DATABASE' })

describe('the way to ask', () => {
  it('a query function is called with the statement', async () => {
    const query = vi.fn(async () => [])
    await queryFunctionOf(query, 5)('SELECT 1')
    expect(query).toHaveBeenCalledWith('SELECT 1')
  })
  it('a pool gets its timeout with the statement', async () => {
    const query = vi.fn(async () => ({ rows: [] }))
    await queryFunctionOf({ query }, 5)('SELECT 1')
    expect(query).toHaveBeenCalledWith({ text: 'SELECT 1', query_timeout: 5 })
  })
  it.each<[string, unknown]>([
    ['nothing', null],
    ['a URL', 'postgres://localhost'],
    ['an object without query', {}],
    ['mysql2', { query: () => {}, execute: () => {} }],
    ['knex for another database', Object.assign(() => {}, { raw: () => {}, client: { dialect: 'mysql' } })],
  ])('%s is refused at once', (_, database) => {
    expect(() => queryFunctionOf(database as Database, 5)).toThrow(refused)
  })
})
