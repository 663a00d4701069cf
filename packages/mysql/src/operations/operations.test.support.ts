import type { OperationCompilers, OperationContext } from '@phasegate/core'
import { capabilitiesOf } from '../server/capabilities.js'
import { mysqlServer } from '../server/mysql-server.js'
import { mysqlOperations } from './mysql-operations.js'

/** The operations of a server, by default of the version that the tests run. */
export function mysql(version = '9.7.4'): OperationCompilers {
  return mysqlOperations(capabilitiesOf(mysqlServer('mysql', version)))
}

export function mariadb(version = '10.11.19'): OperationCompilers {
  return mysqlOperations(capabilitiesOf(mysqlServer('mariadb', version)))
}

export const tableInUse: OperationContext = { file: 'm.ts', isNewTable: () => false }
export const newTable: OperationContext = { file: 'm.ts', isNewTable: () => true }
