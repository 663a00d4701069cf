import { type EngineCheck, EXIT } from '@phasegate/core'
import { type Command, isSet, wordAt } from '../command.js'
import { formatBytes, formatCount, formatDuration } from '../output/amounts.js'
import { renderTable } from '../output/table.js'
import { type RepackResult, runRepack } from '../verbs/repack.js'
import { withProgress } from './with-progress.js'

export const repackCommand: Command = async (context) => {
  const { output } = context
  const table = wordAt(context, 0) ?? ''
  const onCheck = (check: EngineCheck): void => {
    for (const line of describeCheck(check)) output.say(line)
  }
  const result = await withProgress(context, (options) =>
    runRepack({ ...options, table, dryRun: isSet(context, 'dryRun'), onCheck }),
  )
  if (output.format === 'json') output.json({ ok: true, ...result })
  else for (const line of describe(result)) output.data(line)
  return EXIT.done
}

function describeCheck({ table, tool, bytesNeeded, bytesFree, remarks }: EngineCheck): readonly string[] {
  const rows = table.rows === null ? 'rows unknown' : `about ${formatCount(table.rows)} rows`
  const room = bytesFree === null ? 'how much is free cannot be told from here' : `${formatBytes(bytesFree)} are free`
  return [
    `pg_repack ${tool.version} (${tool.path})`,
    `${table.schema}.${table.name}: ${rows}, ${formatBytes(table.bytes)}, key ${table.keys[0]?.name ?? 'none'}`,
    `takes up to ${formatBytes(bytesNeeded)} on the server's disk; ${room}`,
    ...remarks.map((remark) => `note: ${remark}`),
  ]
}

function describe({ table, before, after, ms, tool, arguments: given }: RepackResult): readonly string[] {
  if (after === null || ms === null) return ['would run:', `  ${[tool.path, ...given].map(shellWord).join(' ')}`]
  const row = (name: string, of: keyof typeof before): readonly string[] => [
    name,
    formatBytes(before[of]),
    formatBytes(after[of]),
    change(before[of], after[of]),
  ]
  const columns = [
    { title: table },
    ...(['before', 'after', 'change'] as const).map((title) => ({ title, align: 'right' as const })),
  ]
  return [
    ...renderTable(columns, [row('table', 'table'), row('indexes', 'indexes'), row('total', 'total')]),
    `repacked in ${formatDuration(ms)}`,
  ]
}

function change(before: number, after: number): string {
  if (before === after) return '0 %'
  const percent = before === 0 ? 100 : Math.round((100 * (after - before)) / before)
  return `${percent > 0 ? '+' : ''}${percent} %`
}

function shellWord(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`
}
