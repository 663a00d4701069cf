import { carriesError } from '@phasegate/core'

/**
 * Does the error, or the one that a query builder wrapped in it, carry one of these numbers (MySQL Reference Manual,
 * "Server Error Message Reference"; MariaDB's are the same)? Drivers keep it in `errno`, Prisma as text in `code`.
 */
export function hasErrorNumber(error: unknown, numbers: readonly number[]): boolean {
  return carriesError(error, ({ errno, code }) => numbers.some((number) => errno === number || code === String(number)))
}
