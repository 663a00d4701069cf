export interface ConfigChoices {
  /** Import the connection from this file. */
  readonly knexfile: string | undefined
  /** The knexfile holds one configuration an environment. */
  readonly byEnvironment: boolean
  readonly appRoles: readonly string[]
}

/** The text of a new `phasegate.config.ts`. */
export function configText({ knexfile, byEnvironment, appRoles }: ConfigChoices): string {
  const connection = byEnvironment ? "knexfile[process.env.NODE_ENV ?? 'development']" : 'knexfile'
  const database =
    knexfile === undefined
      ? '  // PHASEGATE_DATABASE_URL and --database win over this.\n  database: process.env.DATABASE_URL,'
      : `  // From your knexfile; PHASEGATE_DATABASE_URL and --database win over it.\n  database: ${connection},`
  const roles =
    appRoles.length === 0
      ? "  // Database roles of your applications; they are granted what they need to report and to read.\n  // appRoles: ['app'],"
      : `  // Database roles of your applications; they are granted what they need to report and to read.\n  appRoles: [${appRoles.map((role) => `'${role.replace(/['\\]/g, '\\$&')}'`).join(', ')}],`
  return `import { defineConfig } from 'phasegate'
${knexfile === undefined ? '' : `import knexfile from './${knexfile}'\n`}
// Nothing reads .env by itself. To have it read:
// process.loadEnvFile()

export default defineConfig({
${database}

  // The database says its dialect and version itself. This is for what needs none (check, manifest), where
  // \`database\` may be unset: 'postgres', 'mysql' or 'mariadb'.
  // dialect: 'mysql',
  // serverVersion: '8.4',

${roles}

  // Every client of this database that is deployed by itself. Without it every contract needs an approval.
  // applications: { api: {}, worker: {} },
})
`
}
