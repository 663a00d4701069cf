import picocolors from 'picocolors'

export type Colors = ReturnType<typeof picocolors.createColors>

/**
 * Colours for one stream. `NO_COLOR` (no-color.org) and `--no-color` turn them off, `FORCE_COLOR` on; else only a terminal
 * that is not dumb gets them, and a log of `CI` none.
 */
export function colorsFor(
  stream: { readonly isTTY?: boolean },
  environment: Readonly<Record<string, string | undefined>>,
  wanted: boolean,
): Colors {
  const said = (name: string): boolean => environment[name] !== undefined && environment[name] !== ''
  if (!wanted || said('NO_COLOR')) return picocolors.createColors(false)
  if (said('FORCE_COLOR')) return picocolors.createColors(environment.FORCE_COLOR !== '0')
  return picocolors.createColors(stream.isTTY === true && environment.TERM !== 'dumb' && !said('CI'))
}
