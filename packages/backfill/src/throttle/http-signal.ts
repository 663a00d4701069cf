import { shownAddress } from '@phasegate/core'
import { askHttp, dropAnswer } from './ask-http.js'
import type { WatchedSignal } from './watched-signal.js'

const GO = 200
const WAIT = 429

/** Asks as gh-ost asks freno: 200 is go on, 429 wait; everything else says nothing, and silence stops after a while. */
export function httpSignal(url: string): WatchedSignal {
  return {
    name: `check ${shownAddress(url)}`,
    unit: 'count',
    limits: { soft: null, hard: 1 },
    onSession: false,
    read: async (_, signal) => {
      const response = await askHttp(url, signal)
      dropAnswer(response)
      if (response.status === GO) return { state: 'value', value: 0 }
      if (response.status === WAIT) return { state: 'value', value: 1 }
      throw new Error(`it answered ${response.status}, which is neither 200 nor 429`)
    },
  }
}
