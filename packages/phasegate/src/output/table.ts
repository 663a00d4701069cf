import { stripVTControlCharacters } from 'node:util'

export interface Column {
  readonly title: string
  readonly align?: 'left' | 'right'
}

/**
 * Lines of a plain table: columns as wide as their widest cell, two spaces apart, the last one never padded. Cells may be
 * coloured and may hold wide characters.
 *
 * @example
 * renderTable([{ title: 'unit' }, { title: 'rows', align: 'right' }], [['flag:backfill', '1000']])
 */
export function renderTable(columns: readonly Column[], rows: readonly (readonly string[])[]): readonly string[] {
  const lines = [columns.map((column) => column.title), ...rows]
  const widths = columns.map((_, index) => Math.max(...lines.map((line) => displayWidth(line[index] ?? ''))))
  return lines.map((line) =>
    columns
      .map((column, index) => {
        const cell = line[index] ?? ''
        const padding = ' '.repeat(widths[index]! - displayWidth(cell))
        return column.align === 'right' ? padding + cell : cell + padding
      })
      .join('  ')
      .trimEnd(),
  )
}

/** Columns of a terminal that a text takes: wide East Asian characters and emoji take two, combining marks none. */
export function displayWidth(text: string): number {
  let width = 0
  for (const { segment } of new Intl.Segmenter().segment(stripVTControlCharacters(text))) {
    width += WIDE.test(segment) ? 2 : 1
  }
  return width
}

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u

/** Cuts a text to a width, with `…` where something is missing. */
export function truncate(text: string, width: number): string {
  const line = text.replace(/\s+/g, ' ').trim()
  if (displayWidth(line) <= width) return line
  let kept = ''
  for (const { segment } of new Intl.Segmenter().segment(line)) {
    if (displayWidth(kept + segment) > width - 1) break
    kept += segment
  }
  return `${kept}…`
}
