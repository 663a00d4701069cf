/**
 * gh-ost reads what an ALTER drops and renames by regular expressions that know only single quotes (go/sql/parser.go):
 * `ADD note TEXT COMMENT "drop email, later"` makes it leave the column `email` out of the copy without a word. What it
 * finds must be the same with texts and comments taken out. Undefined: it is.
 */
export function misread(alter: string): string | undefined {
  const plain = withoutTexts(alter)
  const same = [...found(alter)].sort().join() === [...found(plain)].sort().join()
  if (same && !/\balter\s+table\s/i.test(alter)) return undefined
  return 'gh-ost would take words inside a text of this ALTER for clauses of it and leave a column out: reword the text (COMMENT, DEFAULT), or take pt-osc.'
}

/** Names that gh-ost believes to be dropped or renamed. */
function found(alter: string): ReadonlySet<string> {
  const names = new Set<string>()
  for (const token of tokens(alter)) {
    const text = token.trim().replace(/'[^']*'/g, "''")
    for (const match of text.matchAll(/\bchange\s+(?:column\s+|)(\S+)\s+(\S+)\s+/gi))
      names.add(`${match[1]} becomes ${match[2]}`)
    for (const match of text.matchAll(/\bdrop\s+(?:column\s+|)(\S+)$/gi)) names.add(`${match[1]} goes`)
    if (/\brename\s+(?:to|as)\s+/i.test(text)) names.add('the table is renamed')
  }
  return names
}

/** As `tokenizeAlterStatement` does it: a bracket ends at the first one that closes, and only single quotes quote. */
function tokens(alter: string): readonly string[] {
  const all: string[] = ['']
  let until = ''
  for (const character of alter) {
    if (until !== '') {
      if (character === until) until = ''
    } else if (character === "'") until = character
    else if (character === '(') until = ')'
    else if (character === ',') {
      all.push('')
      continue
    }
    all[all.length - 1] += character
  }
  return all
}

/** MySQL Reference Manual, "String Literals", "Comments". */
function withoutTexts(alter: string): string {
  return alter.replace(
    /`(?:[^`]|``)*`|'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.|"")*"|\/\*.*?\*\/|(?:#|-- ).*$/gms,
    (text) => (text.startsWith('`') ? text : /^['"]/.test(text) ? "''" : ' '),
  )
}
