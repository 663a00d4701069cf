import { lineCounter } from '@phasegate/core'

/** Positions in a text: the parser counts UTF-8 bytes or characters, JavaScript counts UTF-16 units. */
export interface SourceText {
  /** UTF-16 index of a byte offset. */
  indexOfByte(byte: number): number
  /** UTF-16 index of a character (code point) offset. */
  indexOfCharacter(character: number): number
  /** Line of a UTF-16 index, counting from 1. */
  lineAt(index: number): number
}

/** Builds the offset tables of a text; for plain ASCII there is nothing to translate. */
export function sourceText(text: string): SourceText {
  const tables = offsetTables(text)
  return {
    indexOfByte: (byte) => (tables === undefined ? byte : (tables.bytes[byte] ?? text.length)),
    indexOfCharacter: (character) => (tables === undefined ? character : (tables.characters[character] ?? text.length)),
    lineAt: lineCounter(text),
  }
}

function offsetTables(text: string): { bytes: Uint32Array; characters: Uint32Array } | undefined {
  const size = Buffer.byteLength(text)
  if (size === text.length) return undefined
  const bytes = new Uint32Array(size + 1)
  const characters = new Uint32Array(text.length + 1)
  let byte = 0
  let character = 0
  let index = 0
  for (const point of text) {
    characters[character++] = index
    const width = Buffer.byteLength(point)
    for (let inside = 0; inside < width; inside++) bytes[byte + inside] = index
    byte += width
    index += point.length
  }
  characters.fill(index, character)
  bytes[byte] = index
  return { bytes, characters }
}
