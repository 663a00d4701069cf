/** Client and extension check that they are of exactly the same version (bin/pg_repack.c, `preliminary_checks`). */
export function versionProblem(client: string, extension: string | undefined): readonly string[] {
  if (extension === client) return []
  if (extension === undefined)
    return [
      `The extension pg_repack is not in this database: CREATE EXTENSION pg_repack; as superuser, in version ${client} of the client here (from the package of the server's major version).`,
    ]
  return [
    `The extension pg_repack is ${extension} in this database and the client here is ${client}, and they must be the same: install ${client} on the server, then DROP EXTENSION pg_repack; CREATE EXTENSION pg_repack; (ALTER EXTENSION does not upgrade it). Or name a client of ${extension}: engines: { pg_repack: { path } }.`,
  ]
}
