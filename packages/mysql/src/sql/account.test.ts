import { describe, expect, it } from 'vitest'
import { parseAccount, quoteAccount } from './account.js'

describe('an account', () => {
  it.each([
    ['app', '`app`'],
    ['app@%', '`app`@`%`'],
    ['app@10.0.0.%', '`app`@`10.0.0.%`'],
    ["'app'@'%'", '`app`@`%`'],
    ['"app"@`%`', '`app`@`%`'],
    ["'o''neil'@'%'", "`o'neil`@`%`"],
    ["'app@home'@'%'", '`app@home`@`%`'],
    ['app@home@%', '`app@home`@`%`'],
    ['a`b', '`a``b`'],
    ["x' TO 'root'@'%", "`x' TO 'root'`@`'%`"],
  ])('%s is %s', (text, quoted) => expect(quoteAccount(parseAccount(text))).toBe(quoted))
})
