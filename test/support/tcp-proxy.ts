import { connect, createServer, type Socket } from 'node:net'
import { atTestEnd } from './at-test-end.js'

/** One address before several servers, as a load balancer or a floating address is. */
export interface TcpProxy {
  readonly port: number
  /** Cuts every connection; new ones lead to this port of this machine from now on, or are refused. */
  leadTo(port: number | undefined): void
}

/** Ends with the test. */
export async function startTcpProxy(port: number): Promise<TcpProxy> {
  let target: number | undefined = port
  const open = new Set<Socket>()
  const server = createServer((client) => {
    if (target === undefined) {
      client.destroy()
      return
    }
    const onward = connect(target, '127.0.0.1')
    for (const [socket, other] of [
      [client, onward],
      [onward, client],
    ] as const) {
      open.add(socket)
      // What breaks on one side breaks on the other, which `close` takes care of.
      socket.on('error', () => {})
      socket.on('close', () => {
        open.delete(socket)
        other.destroy()
      })
      socket.pipe(other)
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const cut = (): void => {
    for (const socket of open) socket.destroy()
  }
  atTestEnd(async () => {
    cut()
    await new Promise((resolve) => server.close(resolve))
  })
  return {
    port: (server.address() as { port: number }).port,
    leadTo: (next) => {
      target = next
      cut()
    },
  }
}
