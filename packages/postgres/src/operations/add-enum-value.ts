import { type AddEnumValue, badArgument, callText, type OperationCompiler } from '@phasegate/core'
import { postgresQuoting, quoteName } from '../quoting.js'

/**
 * Takes no table lock. Since PostgreSQL 12 it may run in a transaction, but the value cannot be used before that commits
 * (55P04), so it is a step of its own.
 */
export const addEnumValue: OperationCompiler<AddEnumValue> = {
  describe: ({ type, value }) => callText('addEnumValue', type, value),
  compile: (operation) => {
    const { type, value, before, after } = operation
    if (typeof type !== 'string' || typeof value !== 'string') {
      throw badArgument(addEnumValue.describe(operation), 'type and value are strings', "Write ('mood', 'curious').")
    }
    if (before !== undefined && after !== undefined) {
      throw badArgument(addEnumValue.describe(operation), 'before and after exclude each other', 'Give one of the two.')
    }
    const name = type.split('.').map(quoteName).join('.')
    const place =
      before !== undefined
        ? ` BEFORE ${postgresQuoting.literal(before)}`
        : after !== undefined
          ? ` AFTER ${postgresQuoting.literal(after)}`
          : ''
    return [`ALTER TYPE ${name} ADD VALUE ${postgresQuoting.literal(value)}${place}`]
  },
  revert: ({ type, value }) => ({
    impossible: `PostgreSQL cannot take the value '${value}' away from the enum type ${type}`,
  }),
}
