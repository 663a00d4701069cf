import { describe, expect, test } from 'vitest'
import { DEBIAN_MIRROR, mirrorIn } from '../../scripts/apt.mjs'

describe("the Debian mirror that this machine's apt uses", () => {
  test('is found in either format, without comments, options and other archives', () => {
    const deb822 = `Types: deb
# http://snapshot.example.org/archive/debian/20250520T000000Z
# URIs: http://old.example.org/debian
URIs: http://security.example.org/debian-security http://near.example.org/debian/
Suites: bookworm`
    expect(mirrorIn(['', deb822])).toBe('http://near.example.org/debian')
    const lines = `#deb http://old.example.org/debian bookworm main
deb [arch=amd64 signed-by=/k.gpg] https://other.example.org/tool stable main
deb-src http://source.example.org/debian bookworm main
deb [arch=amd64] http://one.example.org/mirror/debian bookworm main`
    expect(mirrorIn([lines])).toBe('http://one.example.org/mirror/debian')
  })

  test("is Debian's own where there is none, as on Ubuntu", () => {
    expect(mirrorIn(['deb http://archive.ubuntu.com/ubuntu noble main'])).toBe(DEBIAN_MIRROR)
    expect(mirrorIn([])).toBe(DEBIAN_MIRROR)
  })
})
