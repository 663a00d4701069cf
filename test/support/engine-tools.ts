import { spawnSync } from 'node:child_process'

/** Tools that copy tables of MySQL and MariaDB, as they are called and where they come from. */
export const MYSQL_TOOLS = {
  'gh-ost': {
    program: 'gh-ost',
    howToGet: 'install the release package of gh-ost, github.com/github/gh-ost/releases',
  },
  'pt-osc': { program: 'pt-online-schema-change', howToGet: 'apt-get install percona-toolkit' },
} as const

export type MysqlTool = keyof typeof MYSQL_TOOLS

/** Undefined: it is on PATH. */
export function whyNoTool(tool: MysqlTool): string | undefined {
  const { program, howToGet } = MYSQL_TOOLS[tool]
  return spawnSync(program, ['--version']).error === undefined ? undefined : `${program}: ${howToGet}`
}
