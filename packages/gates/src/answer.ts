import type { GateCheck, GateContext, GateState } from '@phasegate/core'

/** One answer of a gate, observed now by the database's clock. */
export function answer(
  context: GateContext,
  name: string,
  state: GateState,
  reason: string,
  more: Pick<GateCheck, 'observed' | 'required'> & { readonly expiresAt?: string | undefined } = {},
): GateCheck {
  const { expiresAt, ...rest } = more
  return {
    name,
    state,
    reason,
    ...rest,
    observedAt: context.snapshot.now,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  }
}
