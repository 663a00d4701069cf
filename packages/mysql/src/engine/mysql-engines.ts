import type { EngineName } from '@phasegate/core'

/** Engines that copy tables of MySQL and MariaDB beside traffic. */
export const MYSQL_ENGINES: readonly EngineName[] = ['gh-ost', 'pt-osc']
