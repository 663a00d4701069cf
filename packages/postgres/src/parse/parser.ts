type Parser = typeof import('libpg-query')

let loaded: Parser | undefined

/**
 * Loads PostgreSQL's own grammar (libpg-query, WebAssembly). Everything else in this folder is synchronous and needs it
 * done once before. Loading takes about 90 ms, which is why nothing loads it at import time.
 */
export async function loadParser(): Promise<void> {
  if (loaded !== undefined) return
  const parser = await import('libpg-query')
  await parser.loadModule()
  loaded = parser
}

/** The loaded parser. A call before `loadParser()` is a bug in the caller, hence a plain error. */
export function parser(): Parser {
  if (loaded === undefined) throw new Error('loadParser() has not been awaited before SQL was parsed')
  return loaded
}
