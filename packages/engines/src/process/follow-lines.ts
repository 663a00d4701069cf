import { open } from 'node:fs/promises'
import { StringDecoder } from 'node:string_decoder'

/** Bytes that are read at a time, and of a line the most that is kept. */
const CHUNK = 65_536
const LONGEST_LINE = 8_192

/** Reads a file that grows, line by line, from its beginning. Nothing is held but the line that is not ended yet. */
export interface LineFollower {
  /** Gives each whole line that has come since; `toEnd`: what comes after the last newline too. A file that is not there has none. */
  read(take: (line: string) => void, toEnd?: boolean): Promise<void>
}

export function followLines(file: string): LineFollower {
  const decoder = new StringDecoder('utf8')
  const buffer = Buffer.alloc(CHUNK)
  let position = 0
  let rest = ''
  return {
    read: async (take, toEnd = false) => {
      const handle = await open(file, 'r').catch(() => undefined)
      if (handle === undefined) return
      try {
        for (;;) {
          const { bytesRead } = await handle.read(buffer, 0, CHUNK, position)
          if (bytesRead === 0) break
          position += bytesRead
          const lines = (rest + decoder.write(buffer.subarray(0, bytesRead))).split(/\r?\n|\r/)
          rest = (lines.pop() ?? '').slice(0, LONGEST_LINE)
          for (const line of lines) take(line.slice(0, LONGEST_LINE))
        }
      } finally {
        await handle.close()
      }
      if (!toEnd || rest === '') return
      take(rest)
      rest = ''
    },
  }
}
