import type { IncomingMessage } from 'node:http'
import { z } from 'zod'
import { RequestRefused } from './serve-errors.js'

/** Bytes; a reason is a sentence or two. */
const LARGEST = 16_384

/**
 * The JSON object that a request carries; nothing at all is `{}`. Only as `application/json`: a page in a browser cannot
 * send that to another origin without asking first.
 *
 * @throws `RequestRefused` 400, 413, 415
 */
export async function readBody<T>(request: IncomingMessage, shape: z.ZodType<T>): Promise<T> {
  const text = await readText(request)
  if (text !== '' && !/^application\/json\b/i.test(request.headers['content-type'] ?? ''))
    throw new RequestRefused(415, 'the body is to be application/json')
  const checked = shape.safeParse(text === '' ? {} : parse(text))
  if (checked.success) return checked.data
  throw new RequestRefused(400, z.prettifyError(checked.error))
}

async function readText(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  let bytes = 0
  for await (const chunk of request) {
    bytes += (chunk as Buffer).length
    if (bytes > LARGEST) throw new RequestRefused(413, `the body may have ${LARGEST} bytes`)
    chunks.push(chunk as Buffer)
  }
  return Buffer.concat(chunks).toString('utf8')
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new RequestRefused(400, 'the body is not JSON')
  }
}
