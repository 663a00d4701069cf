/** Why the next batch has to wait, and how long until it is worth asking again. */
export interface Hold {
  readonly ms: number
  readonly reason: string
  /** `rest`: part of going slowly; `stop`: nothing is done until it ends. */
  readonly kind: 'rest' | 'stop'
  /** What it comes from, so that the same one is told of once. */
  readonly from: string
  /** It is over before `ms` when this is. */
  readonly until?: Promise<void>
  /** A part of how it works, and nothing to tell of. */
  readonly silent?: true
}
