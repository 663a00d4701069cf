import { defineConfig } from 'tsdown'

// One file a format with core and the read-side SQL inside: applications install nothing else.
export default defineConfig({
  entry: ['src/index.ts'],
  format: ['esm', 'cjs'],
  platform: 'node',
  target: 'node20.19',
  outDir: 'dist',
  fixedExtension: false,
  dts: true,
  sourcemap: true,
  // dist/types is tsc's, for the other packages' project references.
  clean: false,
  // Named in types of core that nothing here uses; a test sees that no import of it is left.
  deps: { alwaysBundle: [/^@phasegate\//], neverBundle: ['knex'] },
})
