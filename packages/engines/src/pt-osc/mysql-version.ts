/** Is it MySQL of this version or later? Never true of MariaDB, whose numbers are others. */
export function isMysqlSince(serverVersion: string, ...wanted: readonly [number, number, number]): boolean {
  const numbers = /^(\d+)\.(\d+)(?:\.(\d+))?/
    .exec(serverVersion)
    ?.slice(1)
    .map((part) => Number(part ?? 0))
  if (numbers === undefined || /mariadb/i.test(serverVersion)) return false
  const first = wanted.findIndex((number, at) => numbers[at] !== number)
  return first === -1 || numbers[first]! > wanted[first]!
}
