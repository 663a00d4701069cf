// Preloaded into the command line: its standard error is a terminal of 60 columns.
Object.defineProperty(process.stderr, 'isTTY', { value: true })
Object.defineProperty(process.stderr, 'columns', { value: 60 })
