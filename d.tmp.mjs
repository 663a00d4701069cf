import { compileMigration } from './packages/postgres/dist/compile/compile-migration.js'
import { defineMigration } from './packages/core/dist/index.js'
const m=await compileMigration({format:'typescript',name:'t',file:'t.ts',definition:defineMigration({appUses:'both',contract:({ops})=>[ops.setNotNull('u','a')]})},{batchSize:1,batchTime:1})
console.log(JSON.stringify(m.units.contract.steps.map(s=>s.facts),null,1))
