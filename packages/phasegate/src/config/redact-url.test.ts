import { expect, test } from 'vitest'
import { redactUrls } from './redact-url.js'

test.each([
  ['postgres://app:s3cret@db:5432/shop', 'postgres://app:***@db:5432/shop'],
  ["could not parse 'postgres://app:p@ss/w:rd@db/shop'", "could not parse 'postgres://app:***@db/shop'"],
  ['postgres://db/shop?user=a&password=s3cret&x=1', 'postgres://db/shop?user=a&password=***&x=1'],
  ['postgres://app@db/shop', 'postgres://app@db/shop'],
  ['postgresql://:s3cret@db/shop and mysql://a:b@c', 'postgresql://:***@db/shop and mysql://a:***@c'],
])('%s', (text, redacted) => {
  expect(redactUrls(text)).toBe(redacted)
})

test('leaves ordinary text alone', () => {
  expect(redactUrls('see https://example.org/a:b and user:name')).toBe('see https://example.org/a:b and user:name')
})
