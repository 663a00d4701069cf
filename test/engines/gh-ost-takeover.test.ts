import { expect, test } from 'vitest'
import { environment, said, verbsOn } from '../conformance/verbs.js'
import { createProject } from '../support/project.js'
import { startCli } from '../support/run-cli.js'
import { describeWithTool } from '../support/servers.js'
import { assertNothingLost, columnsOf, ghostDatabase, leftIn } from './ghost-setup.js'

describeWithTool('gh-ost', 'mysql', 'gh-ost is taken up', (server) => {
  test('a pause that its supervisor did not outlive is lifted by the next one', async () => {
    const db = await ghostDatabase(server, 20_000)
    const project = createProject({
      'phasegate/20261122093000_phone.sql':
        '-- engine: gh-ost\n-- app-uses: old\n-- phase: expand\nALTER TABLE users ADD COLUMN phone VARCHAR(20);\n',
      'phasegate.config.ts': `import { defineConfig } from 'phasegate'
        export default defineConfig({ engines: { 'gh-ost': { arguments: ['--chunk-size=200', '--nice-ratio=8'] } } })`,
    })
    const run = verbsOn(project, db)
    const first = startCli(project, ['expand', '--long', '--json'], { env: environment(db), timeout: 120_000 })
    await first.waitFor(/"state":"copying"/, 60_000)
    expect((await run('pause', 'phone')).code).toBe(0)
    await first.waitFor(/"paused":true/, 60_000)
    first.kill('SIGKILL')
    await first.ended
    expect((await run('resume', 'phone')).code).toBe(0)
    const second = await run('expand', '--long', '--json')
    expect(second.code, said(second)).toBe(0)
    expect(second.stderr).toContain('"how":"taken up"')
    expect(await columnsOf(db)).toContain('phone')
    await assertNothingLost(db)
    expect(await leftIn(db)).toEqual([])
    project.delete()
  })
})
