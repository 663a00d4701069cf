/** The call as its author wrote it, leaving out what was not given: `ops.name(a, b)`. */
export function callText(name: string, ...args: readonly (string | undefined)[]): string {
  return `ops.${name}(${args.filter((arg) => arg !== undefined).join(', ')})`
}
