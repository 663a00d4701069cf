import { runClient } from './client.js'
import type { Figures } from './figures.js'
import type { Truth } from './truth.js'

/** How many requests are under way at most. */
const CLIENTS = 8

/** Starts the traffic; what is returned lets every client finish its request and resolves when all have. */
export function startTraffic(port: number, truth: Truth, figures: Figures): () => Promise<void> {
  const stopping = new AbortController()
  const clients = Array.from({ length: CLIENTS }, (_, number) =>
    runClient({ port, number, clients: CLIENTS, truth, figures }, stopping.signal),
  )
  return async () => {
    stopping.abort()
    await Promise.all(clients)
  }
}
