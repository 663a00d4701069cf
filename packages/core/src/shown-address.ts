/** A URL for messages and journal: without user, password, query and fragment, any of which may be secret. */
export function shownAddress(url: string | URL): string {
  const { origin, pathname } = new URL(url)
  return `${origin}${pathname}`
}
