import { connect } from 'node:net'

/** ms; it answers at once or not at all. */
const PATIENCE = 2_000
const LONGEST_ANSWER = 65_536

/**
 * Says one line to gh-ost over its Unix socket and gives the answer (go/logic/server.go: one line in, text out, end).
 * Undefined: nobody is there, or does not answer in time.
 */
export function say(socket: string, command: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    let answer = ''
    const connection = connect(socket)
    const end = (result: string | undefined): void => {
      clearTimeout(timer)
      connection.destroy()
      resolve(result)
    }
    const timer = setTimeout(() => end(undefined), PATIENCE)
    connection.setEncoding('utf8')
    connection.on('error', () => end(undefined))
    connection.on('data', (text: string) => {
      answer = (answer + text).slice(0, LONGEST_ANSWER)
    })
    connection.on('end', () => end(answer))
    connection.on('connect', () => connection.write(`${command}\n`))
  })
}
