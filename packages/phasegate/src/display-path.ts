import { isAbsolute, relative, sep } from 'node:path'

/** A path as messages, annotations and JSON name it: relative to the working directory, with `/`; absolute elsewhere. */
export function displayPath(cwd: string, path: string): string {
  const local = relative(cwd, path)
  const shown = local === '' ? '.' : local.startsWith('..') || isAbsolute(local) ? path : local
  return sep === '/' ? shown : shown.replaceAll(sep, '/')
}
