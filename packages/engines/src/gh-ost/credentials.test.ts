import { expect, test } from 'vitest'
import { credentialProblems, credentialsFile } from './credentials.js'

test('a value stands in three quotes', () => {
  expect(credentialsFile({ user: 'app', password: 'a#b;c"d\\' })).toBe(
    '[client]\nuser = """app"""\npassword = """a#b;c"d\\"""\n',
  )
})

test.each(['x\u0024{HOME}', '\u0024{PASSWORD}', 'a%(user)sb', 'two\nlines'])(
  'the password %j is refused, and not repeated',
  (password) => {
    const problems = credentialProblems({ user: 'app', password })
    expect(problems).toHaveLength(1)
    expect(problems[0]).not.toContain(password)
  },
)

test.each(['p@ss/wo:rd', '$HOME', '{x}', '100%', '"""', "'", 'ä€😀', ' x '])('the password %j is taken', (password) =>
  expect(credentialProblems({ user: 'app', password })).toEqual([]),
)

test('a user name with a colon is refused', () =>
  expect(credentialProblems({ user: 'a:b', password: '' })).toHaveLength(1))
