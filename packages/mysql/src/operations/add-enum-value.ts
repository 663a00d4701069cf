import { type AddEnumValue, callText, type OperationCompiler, unsupported } from '@phasegate/core'

/** ENUM is a column's own list here, not a type with a name. */
export const addEnumValue: OperationCompiler<AddEnumValue> = {
  describe: ({ type, value }) => callText('addEnumValue', String(type), String(value)),
  compile: (operation) => {
    throw unsupported(
      `${addEnumValue.describe(operation)}: MySQL and MariaDB have no enum types.`,
      'ENUM is a list of values in the definition of a column, and MODIFY wants the whole definition.',
      [
        "Write ops.alterTable('users', \"MODIFY COLUMN mood ENUM('ok', 'sad', 'new value')\"): all values, the new one last, with NOT NULL, DEFAULT and COMMENT as the column has them.",
        'At the end of the list it is instant; elsewhere every row would be written anew.',
      ],
    )
  },
  revert: ({ type, value }) => ({ impossible: `the value '${value}' of ${type} is no object of its own` }),
}
