import { readFileSync } from 'node:fs'

/** Lines of a real run; what made them is in their names. */
export function recorded(name: string): readonly string[] {
  return readFileSync(new URL(`recordings/${name}.txt`, import.meta.url), 'utf8').split('\n')
}
