/** Settings that a comment of an SQL migration can make. `allow` and `verbatim` belong to statements and are read there. */
export const SETTINGS = [
  'app-uses',
  'applications',
  'sync',
  'count-writers',
  'batch',
  'only',
  'throttle',
  'engine',
  'repack',
] as const

export type SettingName = (typeof SETTINGS)[number]

/** One `-- name: value` line. */
export interface Setting {
  readonly name: SettingName
  /** What stands between the name and the colon: `on users`. */
  readonly target: string
  readonly value: string
}

/**
 * Reads a comment as a setting. `misspelled` names the one that was probably meant; any other comment, with a colon or
 * without, is a comment.
 */
export function settingOf(
  comment: string,
): Setting | { readonly misspelled: string; readonly meant: string } | undefined {
  const [, head = '', target = '', value = ''] = /^([\p{L}_-]+)((?:\s+[^:]*)?):(.*)$/su.exec(comment) ?? []
  if (head === '') return undefined
  const name = SETTINGS.find((known) => known === head.toLowerCase())
  if (name !== undefined && (name === 'sync' || target.trim() === '')) {
    return { name, target: target.trim(), value: value.trim() }
  }
  if (target.trim() !== '') return spacedSetting(head, target)
  const meant = [...SETTINGS, 'phase', 'allow'].find((known) => known !== head.toLowerCase() && isNear(head, known))
  return meant === undefined ? undefined : { misspelled: head, meant }
}

/** `-- app uses: both` is a setting in all but its dash; other prose with a colon is prose. */
function spacedSetting(head: string, target: string): { misspelled: string; meant: string } | undefined {
  const written = `${head}${target}`
  const meant = SETTINGS.find((known) => known.includes('-') && isNear(written, known))
  return meant === undefined ? undefined : { misspelled: written, meant }
}

/** At most one slip of the keyboard apart, dashes and capitals aside. */
function isNear(written: string, known: string): boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/[\s_-]/g, '')
  return withinOneSlip(plain(written), plain(known))
}

function withinOneSlip(a: string, b: string): boolean {
  let start = 0
  while (start < a.length && a[start] === b[start]) start++
  const [restA, restB] = [a.slice(start), b.slice(start)]
  if (restA.slice(1) === restB.slice(1) || restA.slice(1) === restB || restA === restB.slice(1)) return true
  return restA[0] === restB[1] && restA[1] === restB[0] && restA.slice(2) === restB.slice(2)
}
