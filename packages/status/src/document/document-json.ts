import { once } from './once.js'
import type { StatusDocument } from './status-document.js'

const json = (part: unknown): Buffer => Buffer.from(JSON.stringify(part))
const jsonOnce = once((part: object) => json(part))

/** The document as JSON, in UTF-8. What is large in it is written once, for as long as it is the same object. */
export function documentJson({ migrations, gates, ...rest }: StatusDocument): Buffer {
  return Buffer.concat([
    json(rest).subarray(0, -1),
    Buffer.from(',"migrations":'),
    jsonOnce(migrations),
    Buffer.from(',"gates":'),
    jsonOnce(gates),
    Buffer.from('}'),
  ])
}
