import { type Secrets, withoutSecrets } from './secrets.js'

/** Characters of somebody else's text that are shown and kept. */
const MOST = 500

/** The beginning of an answer, for a person: on one line, without control characters and secrets. */
export function shownStart(text: string, secrets: Secrets): string {
  const line = onOneLine(text, secrets)
  return line.length > MOST ? `${line.slice(0, MOST)}…` : line
}

/** The end of an output, where programs say why they stop. */
export function shownEnd(text: string, secrets: Secrets): string {
  const line = onOneLine(text, secrets)
  return line.length > MOST ? `…${line.slice(-MOST)}` : line
}

function onOneLine(text: string, secrets: Secrets): string {
  return withoutSecrets(text, secrets)
    .replaceAll(/[\p{Cc}\s]+/gu, ' ')
    .trim()
}
