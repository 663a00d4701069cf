// Lists on stderr every file that the process loads, ES modules and CommonJS.
import { Module, register } from 'node:module'

const hooks = `import { writeSync } from 'node:fs'
export async function load(url, context, next) {
  writeSync(2, url + '\\n')
  return next(url, context)
}`
register(`data:text/javascript,${encodeURIComponent(hooks)}`)

process.on('exit', () => {
  for (const file of Object.keys(Reflect.get(Module, '_cache'))) process.stderr.write(`${file}\n`)
})
