import { PaceProblem, readThrottle, readWindows } from '@phasegate/core'
import { z } from 'zod'

/** What core reads, as a schema: a problem that it finds is an issue at its place. */
const readBy = <T>(read: (value: unknown) => T) =>
  z.unknown().transform((value, context): T => {
    try {
      return read(value)
    } catch (error) {
      if (!(error instanceof PaceProblem)) throw error
      context.addIssue({ code: 'custom', path: [...error.path], message: error.expected })
      return z.NEVER
    }
  })

export const throttle = readBy(readThrottle)
export const windows = readBy(readWindows)
