export { mariadbDialect, mysqlDialect } from './mysql-dialect.js'
export { connectMysql } from './mysql-target.js'
