import { EXIT } from '@phasegate/core'
import { type Command, textFlag } from '../command.js'
import { runManifest } from '../verbs/manifest.js'

export const manifestCommand: Command = async (context) => {
  const { output } = context
  const [app, out, build] = ['app', 'out', 'build'].map((name) => textFlag(context, name))
  const { manifest, file } = await runManifest({
    ...context.settings,
    ...(app === undefined ? {} : { app }),
    ...(out === undefined ? {} : { out }),
    ...(build === undefined ? {} : { build }),
  })
  if (output.format === 'json') output.json({ ok: true, file, manifest })
  else if (file === null) output.data(JSON.stringify(manifest, null, 2))
  else output.data(file)
  const count = manifest.migrations.length
  if (file !== null)
    output.say(
      `${manifest.application} ${manifest.build}: ${count} migration${count === 1 ? '' : 's'}, ${manifest.digest}`,
    )
  return EXIT.done
}
