/**
 * Conditions of an `exports` map that have no `default`: a tool that knows none of the others then finds nothing.
 *
 * @param {{ name: string, exports?: unknown }} manifest
 * @returns {string[]}
 */
export function findExportsWithoutDefault(manifest) {
  return check(manifest.exports, 'exports')

  /**
   * @param {unknown} node
   * @param {string} path
   * @returns {string[]}
   */
  function check(node, path) {
    if (typeof node !== 'object' || node === null) return []
    const keys = Object.keys(node)
    const subpaths = keys.some((key) => key.startsWith('.'))
    const own = subpaths || keys.includes('default') ? [] : [`${manifest.name}: ${path} has no default`]
    return [...own, ...Object.entries(node).flatMap(([key, value]) => check(value, `${path}["${key}"]`))]
  }
}

/**
 * @typedef {{ version?: string, optionalDependencies?: Record<string, string> }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lock
 */

/**
 * Optional dependencies (binaries, one package a platform) that a package-lock.json does not list. npm leaves them out
 * when it writes the file on a machine, or from a registry, that lacks them (npm/cli#4828), and `npm ci` then refuses the
 * file. `node scripts/complete-lock.mjs` adds them.
 *
 * @param {Lock} lock
 * @returns {string[]} `name@version, which parent wants`
 */
export function findMissingPlatformPackages(lock) {
  return missingOptional(lock).map(({ name, version, parent }) => `${name}@${version}, which ${parent} wants`)
}

/**
 * @param {Lock} lock
 * @returns {{ name: string, version: string, parent: string }[]}
 */
export function missingOptional(lock) {
  return Object.entries(lock.packages).flatMap(([path, { optionalDependencies = {} }]) =>
    Object.entries(optionalDependencies)
      .filter(([name]) => !isListed(lock, path, name))
      .map(([name, version]) => ({ name, version, parent: path })),
  )
}

/**
 * Is there an entry where Node would look for `name` from `path`?
 *
 * @param {Lock} lock
 * @param {string} path
 * @param {string} name
 */
function isListed(lock, path, name) {
  for (let at = path; ; at = at.slice(0, Math.max(at.lastIndexOf('/node_modules/'), 0))) {
    if (`${at === '' ? '' : `${at}/`}node_modules/${name}` in lock.packages) return true
    if (at === '') return false
  }
}
