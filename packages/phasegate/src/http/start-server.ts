import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { PhasegateError } from '@phasegate/core'

export interface RunningServer {
  /** `http://127.0.0.1:8080`, with the port that it got. */
  readonly url: string
  close(): Promise<void>
}

export interface ServerOptions {
  readonly host: string
  /** 0: any that is free. */
  readonly port: number
  /** What is wrong where the address cannot be had. */
  readonly unavailable: (cause: Error) => PhasegateError
}

/** ms in which a request has to be there as a whole. */
const REQUEST_TIMEOUT = 10_000

/** An HTTP server for probes and machines. Rejects with what `unavailable` says where the address cannot be had. */
export async function startServer(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  { host, port, unavailable }: ServerOptions,
): Promise<RunningServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT, headersTimeout: REQUEST_TIMEOUT }, handler)
  // A probe asks and goes; one that keeps its connection does not keep the process.
  server.keepAliveTimeout = 1000
  await listen(server, host, port, unavailable)
  return {
    url: urlOf(server.address() as AddressInfo),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

function listen(server: Server, host: string, port: number, unavailable: ServerOptions['unavailable']): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(unavailable(error)))
    server.listen(port, host, () => resolve())
  })
}

function urlOf({ address, family, port }: AddressInfo): string {
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
