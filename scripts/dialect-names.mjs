// "Outside the dialects there is no `if (dialect === 'mysql')`; they answer capability questions instead."
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'

const NAMES = /^(postgres|postgresql|pg|mysql|mysql2|mariadb|cockroach|cockroachdb|sqlite|mssql|oracle)$/i
const EQUALITY = new Set([
  ts.SyntaxKind.EqualsEqualsToken,
  ts.SyntaxKind.EqualsEqualsEqualsToken,
  ts.SyntaxKind.ExclamationEqualsToken,
  ts.SyntaxKind.ExclamationEqualsEqualsToken,
])
/** Methods that answer a question about a text or a list. */
const QUESTIONS = /^(includes|startsWith|endsWith|indexOf|has|test|match|search)$/

/**
 * Every place in a source text that decides by a database's name: a comparison with it, a `case` of it, a question such
 * as `.includes('mysql')` or `.startsWith('postgres:')`, and any comparison or `switch` over something called `dialect` or `flavour` (but for that of two dialects).
 *
 * @param {string} file
 * @param {string} text
 * @returns {{ line: number, code: string }[]}
 */
export function conditionsOnDialect(file, text) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true)
  /** @type {{ line: number, code: string }[]} */
  const found = []
  visit(source)
  return found

  /** @param {ts.Node} node */
  function visit(node) {
    if (decides(node)) {
      const { line } = source.getLineAndCharacterOfPosition(node.getStart())
      found.push({ line: line + 1, code: node.getText().split('\n')[0] ?? '' })
    }
    ts.forEachChild(node, visit)
  }
}

/** @param {ts.Node} node */
function decides(node) {
  if (ts.isBinaryExpression(node) && EQUALITY.has(node.operatorToken.kind)) {
    const sides = [node.left, node.right]
    // Whether there is one at all, and whether two are the same, are no questions about a name.
    return sides.some(isName) || (sides.some(isDialect) && !sides.some(isNothing) && !sides.every(isDialect))
  }
  if (ts.isCaseClause(node)) return isName(node.expression)
  if (ts.isSwitchStatement(node)) return isDialect(node.expression)
  if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
    const { name, expression } = node.expression
    return QUESTIONS.test(name.text) && ([expression, ...node.arguments].some(isName) || isListOfNames(expression))
  }
  return false
}

/** A text that is a database's name, or begins like its URLs; or a pattern that holds one. @param {ts.Node} node */
function isName(node) {
  if (ts.isStringLiteralLike(node)) return NAMES.test(node.text.replace(/:(\/\/)?$/, ''))
  if (ts.isRegularExpressionLiteral(node)) return /postgres|mysql|mariadb/i.test(node.text)
  return false
}

/** @param {ts.Node} node */
function isListOfNames(node) {
  return ts.isArrayLiteralExpression(node) && node.elements.some(isName)
}

/** Something called `dialect` or `flavour`, or its `name`. @param {ts.Node} node @returns {boolean} */
function isDialect(node) {
  if (ts.isIdentifier(node)) return /^(dialect(Name)?|flavour)$/.test(node.text)
  if (ts.isPropertyAccessExpression(node)) {
    return (
      /^(dialect(Name)?|flavour)$/.test(node.name.text) || (node.name.text === 'name' && isDialect(node.expression))
    )
  }
  return false
}

/** @param {ts.Node} node */
function isNothing(node) {
  return node.kind === ts.SyntaxKind.NullKeyword || (ts.isIdentifier(node) && node.text === 'undefined')
}

/**
 * Where to look: every package but the dialects themselves, and the examples (but for `databases`, the room of what differs
 * between them).
 *
 * @param {string} root
 * @param {readonly string[]} dialects folder names
 * @returns {string[]} folders
 */
function foldersOf(root, dialects) {
  const packages = readdirSync(join(root, 'packages')).filter((name) => !dialects.includes(name))
  const examples = readdirSync(join(root, 'examples')).filter((name) => existsSync(join(root, 'examples', name, 'src')))
  return [
    ...packages.map((name) => join('packages', name, 'src')),
    ...examples.map((name) => join('examples', name, 'src')),
  ]
}

/**
 * @param {string} root
 * @param {readonly string[]} dialects folder names
 * @returns {string[]} findings as `file:line code`
 */
export function findDialectConditions(root, dialects = ['postgres', 'mysql']) {
  return foldersOf(root, dialects).flatMap((src) =>
    readdirSync(join(root, src), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts') && !/^databases[\\/]/.test(file))
      .flatMap((file) => {
        const path = join(src, file)
        const conditions = conditionsOnDialect(path, readFileSync(join(root, path), 'utf8'))
        return conditions.map(({ line, code }) => `${path}:${line} ${code}`)
      }),
  )
}
