import { compileMigration } from './packages/postgres/dist/compile/compile-migration.js'
import { defineMigration, sql } from './packages/core/dist/index.js'
const o={batchSize:1000,batchTime:250}
const show=(m)=>{for(const [p,u] of Object.entries(m.units)){console.log('==',p,u.fingerprint);for(const s of u.steps)console.log(`[${s.origin}] ${s.statement.slice(0,150)}   <- ${s.written.slice(0,80)} ${JSON.stringify({...s.execution,probe:s.execution.probe&&'…'})} ${s.facts.lock.mode}/${s.facts.lock.duration} destroys=${s.destroys} undoes=${s.undoes??''}`);if(u.backfill)console.log(u.backfill)};console.log('revert',m.revert.possible?m.revert.steps.map(s=>s.statement+' undoes '+s.undoes+' destroys '+s.destroys):m.revert)}
show(await compileMigration({format:'sql',name:'q',file:'q.sql',text:`
-- Phase 1: EXPAND (deploy-safe)
-- Add new column, nullable
ALTER TABLE users ADD COLUMN email_verified BOOLEAN;

-- Phase 2: MIGRATE (background job)
-- Backfill data
UPDATE users SET email_verified = (verified_at IS NOT NULL)
WHERE email_verified IS NULL;

-- Phase 3: CONTRACT (after all code uses new column)
-- Add constraint
ALTER TABLE users ALTER COLUMN email_verified SET DEFAULT FALSE;
ALTER TABLE users ALTER COLUMN email_verified SET NOT NULL;

-- Drop old column (if applicable)
ALTER TABLE users DROP COLUMN verified_at;
`},o))
show(await compileMigration({format:'typescript',name:'t',file:'t.ts',definition:defineMigration({appUses:'both',
 expand:({schema,ops,sql})=>[schema.createTable('posts',t=>{t.increments();t.integer('author').references('id').inTable('users');t.text('x').index();t.timestamp('at').defaultTo(sql`now()`)}),ops.createIndex('posts',['x','author']),schema.alterTable('users',t=>{t.boolean('email_verified');t.index(['name']);t.unique(['email'])}),ops.run('1',async()=>{})],
 sync:{table:'users',forward:{email_verified:sql`verified_at IS NOT NULL`},backward:{verified_at:sql`CASE WHEN email_verified THEN now() END`}},
 backfill:{table:'users',set:{email_verified:sql`(verified_at   is not null)`},where:sql`email_verified IS NULL`},
 contract:({ops})=>[ops.setDefault('users','email_verified',false),ops.setNotNull('users','email_verified'),ops.dropColumn('users','verified_at'),ops.createIndex('posts',['at'])],
})},o))
