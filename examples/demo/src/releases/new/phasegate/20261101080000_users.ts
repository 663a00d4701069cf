import { defineMigration } from 'phasegate'

export default defineMigration({
  expand: ({ ops }) => [
    ops.createTable('users', (t) => {
      t.bigIncrements('id')
      t.string('email').notNullable()
      t.timestamp('verified_at').nullable()
    }),
  ],
})
