import type { ParsedStatement as CoreStatement, QualifiedName, ReferentialAction } from '@phasegate/core'

/** A statement of a file with what was read of it. */
export interface ParsedStatement extends CoreStatement {
  readonly node: StatementNode
  /** What runs where the server has no INSTANT way for this one: the same in place, beside traffic. */
  readonly otherwise?: string
}

/** What a statement is. Only what decides how it runs is taken apart; a clause that is not known makes it `other`. */
export type StatementNode =
  | AlterTable
  | CreateTable
  | {
      readonly kind: 'create index'
      readonly table: QualifiedName
      readonly index: IndexDefinition
      readonly online: OnlineOptions
      readonly ifNotExists: boolean
      readonly replaces: boolean
    }
  | {
      readonly kind: 'drop index'
      readonly table: QualifiedName
      readonly name: string
      readonly ifExists: boolean
      readonly online: OnlineOptions
    }
  | {
      readonly kind: 'drop table'
      readonly tables: readonly QualifiedName[]
      readonly ifExists: boolean
      readonly temporary: boolean
    }
  | {
      readonly kind: 'rename table'
      readonly renames: readonly { readonly from: QualifiedName; readonly to: QualifiedName }[]
    }
  | { readonly kind: 'truncate'; readonly table: QualifiedName }
  | CreateTrigger
  | { readonly kind: 'drop trigger'; readonly name: QualifiedName; readonly ifExists: boolean }
  | {
      readonly kind: 'create view'
      readonly view: QualifiedName
      readonly replaces: boolean
      readonly query: QueryFacts
    }
  | { readonly kind: 'drop view'; readonly views: readonly QualifiedName[]; readonly ifExists: boolean }
  | {
      readonly kind: 'create routine'
      readonly routine: 'procedure' | 'function' | 'event'
      readonly name: QualifiedName
      readonly replaces: boolean
      /** CREATE … IF NOT EXISTS. */
      readonly ifNotExists: boolean
    }
  | {
      readonly kind: 'drop routine'
      readonly routine: 'procedure' | 'function' | 'event'
      readonly name: QualifiedName
      readonly ifExists: boolean
    }
  /** `tables` are written, `query.tables` read. */
  | {
      readonly kind: 'update'
      readonly tables: readonly QualifiedName[]
      readonly columns: readonly string[]
      readonly query: QueryFacts
    }
  | {
      readonly kind: 'insert' | 'replace' | 'delete'
      readonly tables: readonly QualifiedName[]
      readonly query: QueryFacts
    }
  | {
      readonly kind: 'select'
      readonly tables: readonly QualifiedName[]
      readonly locks: boolean
      readonly query: QueryFacts
    }
  | { readonly kind: 'analyze'; readonly tables: readonly QualifiedName[] }
  /** GRANT and REVOKE of privileges, on one table where they name one. */
  | {
      readonly kind: 'grant' | 'revoke'
      readonly table: QualifiedName | undefined
    }
  /** SHOW, EXPLAIN, DESCRIBE: nothing but an answer. */
  | { readonly kind: 'show' }
  /** Any other; `words` are its first keywords, in capitals (`SET SESSION`). */
  | { readonly kind: 'other'; readonly words: string }

/** What a query or an expression names, read from its tokens. */
export interface QueryFacts {
  /** Each once; `*` for a whole row. */
  readonly columns: readonly string[]
  /** Tables behind FROM and JOIN, without the names that its WITH clauses give. */
  readonly tables: readonly QualifiedName[]
  /** In capitals; those with a schema as `BILLING.NEXT_NUMBER`. */
  readonly functions: readonly string[]
  readonly hasSubquery: boolean
  /** User or system variables. */
  readonly hasVariable: boolean
  /** FOR UPDATE, FOR SHARE, LOCK IN SHARE MODE. */
  readonly locksRows: boolean
  /** Reads the clock or who asks. */
  readonly perTransaction: boolean
  /** NEXT VALUE FOR a sequence. */
  readonly takesNumber: boolean
  /** A column that is written with its schema. */
  readonly schemaQualified: string | undefined
  /** Is it, outside of brackets, one expression? */
  readonly isExpression: boolean
}

/** `ALGORITHM=…, LOCK=…` as written. */
export interface OnlineOptions {
  readonly algorithm?: 'DEFAULT' | 'INSTANT' | 'INPLACE' | 'NOCOPY' | 'COPY'
  readonly lock?: 'DEFAULT' | 'NONE' | 'SHARED' | 'EXCLUSIVE'
}

export interface AlterTable {
  readonly kind: 'alter table'
  readonly table: QualifiedName
  /** The table as written: `` `users` ``. */
  readonly tableText: string
  readonly ifExists: boolean
  /** Without ALGORITHM and LOCK, which are in `online`. */
  readonly clauses: readonly AlterClause[]
  readonly online: OnlineOptions
}

interface ClauseText {
  /** The clause as it was written. */
  readonly text: string
}

export type AlterClause = ClauseText &
  (
    | {
        readonly kind: 'add column'
        readonly column: ColumnDefinition
        readonly place: 'last' | 'first' | 'after'
        /** FIRST or AFTER as written; empty for neither. */
        readonly placeText: string
        readonly ifNotExists: boolean
      }
    | { readonly kind: 'drop column'; readonly column: string; readonly ifExists: boolean }
    | { readonly kind: 'rename column'; readonly column: string; readonly to: string }
    /** `CHANGE a b …`; MODIFY has the same name on both sides. */
    | {
        readonly kind: 'change column'
        readonly column: string
        readonly definition: ColumnDefinition
        readonly place: 'same' | 'first' | 'after'
      }
    | { readonly kind: 'set default'; readonly column: string; readonly value: string; readonly expression: boolean }
    | { readonly kind: 'drop default'; readonly column: string }
    /** Not MySQL's grammar, but the standard's: lifted to the operation of that name. */
    | { readonly kind: 'set not null' | 'drop not null'; readonly column: string }
    | { readonly kind: 'column visibility'; readonly column: string; readonly visible: boolean }
    | { readonly kind: 'add index'; readonly index: IndexDefinition; readonly ifNotExists: boolean }
    | { readonly kind: 'add primary key'; readonly columns: readonly string[] }
    | { readonly kind: 'drop index'; readonly name: string; readonly ifExists: boolean }
    | { readonly kind: 'drop primary key' }
    | { readonly kind: 'rename index'; readonly name: string; readonly to: string }
    | { readonly kind: 'index visibility'; readonly name: string; readonly visible: boolean }
    | { readonly kind: 'add foreign key'; readonly foreignKey: ForeignKeyDefinition; readonly ifNotExists: boolean }
    | { readonly kind: 'drop foreign key'; readonly name: string; readonly ifExists: boolean }
    | {
        readonly kind: 'add check'
        readonly name: string | undefined
        readonly expression: string
        readonly enforced: boolean
        readonly ifNotExists: boolean
      }
    /** DROP CHECK, and DROP CONSTRAINT, which may be any kind. */
    | { readonly kind: 'drop constraint'; readonly name: string; readonly ifExists: boolean }
    | { readonly kind: 'alter check'; readonly name: string; readonly enforced: boolean }
    | { readonly kind: 'rename table'; readonly to: QualifiedName }
    /** COMMENT, AUTO_INCREMENT, STATS_…: the catalog alone. */
    | { readonly kind: 'table option'; readonly option: string }
    /** ENGINE, ROW_FORMAT, FORCE, CONVERT TO CHARACTER SET, ORDER BY, …: the whole table. */
    | {
        readonly kind: 'rebuild'
        readonly what: string
        /** Always a copy that keeps writers out; else the server can do it in place. */
        readonly copies: boolean
      }
    /** ADD, DROP, REORGANIZE, EXCHANGE … PARTITION and their kin. */
    | {
        readonly kind: 'partition'
        readonly what: string
        readonly destroys: boolean
        /** Rows are written anew, or read; else the catalog alone changes, or whole files go. */
        readonly work: 'instant' | 'scan' | 'rewrite'
      }
  )

export interface ColumnDefinition {
  readonly name: string
  /** The type as written: `varchar(20)`. */
  readonly type: string
  readonly notNull: boolean
  /** The text behind DEFAULT; undefined: none. */
  readonly default: string | undefined
  /** The default is an expression in parentheses, or a call other than CURRENT_TIMESTAMP. */
  readonly expressionDefault: boolean
  readonly generated: 'virtual' | 'stored' | undefined
  readonly autoIncrement: boolean
  readonly unique: boolean
  readonly primary: boolean
  readonly check: boolean
  /** Inline REFERENCES, which MySQL ignores without a word and MariaDB heeds. */
  readonly references: QualifiedName | undefined
  /** What stands behind the type, as written. */
  readonly rest: string
  /** The same piece by piece. */
  readonly parts: readonly ColumnPart[]
}

/** One attribute of a column, with its text from `CONSTRAINT name` on. */
export type ColumnPart = ClauseText &
  (
    | { readonly kind: 'null' | 'not null' | 'on update' | 'auto increment' | 'unique' | 'primary' | 'generated' }
    | { readonly kind: 'default'; readonly value: string; readonly expression: boolean }
    | { readonly kind: 'check'; readonly check: CheckDefinition }
    | { readonly kind: 'references'; readonly foreignKey: ForeignKeyDefinition }
    /** COMMENT, COLLATE, INVISIBLE, COLUMN_FORMAT, …: how it is kept and shown. */
    | { readonly kind: 'option'; readonly option: string }
  )

export interface CheckDefinition {
  readonly name: string | undefined
  readonly expression: string
  readonly enforced: boolean
}

export interface IndexDefinition {
  /** Undefined: the server names it after its first column. */
  readonly name: string | undefined
  readonly kind: 'index' | 'unique' | 'fulltext' | 'spatial'
  /** Undefined for an expression. */
  readonly columns: readonly (string | undefined)[]
  /** The list in parentheses as written. */
  readonly columnsText: string
  readonly keys: readonly IndexKey[]
  /** `BTREE`, `HASH`, where written. */
  readonly using: string | undefined
  /** What stands behind the list, as written: COMMENT, INVISIBLE, WITH PARSER; without USING. */
  readonly options: string
}

/** One part of an index: a column, the first characters of one, or an expression. */
export interface IndexKey {
  /** Undefined for an expression. */
  readonly column: string | undefined
  /** `name(10)`: how many characters of it. */
  readonly length: number | undefined
  readonly descending: boolean
  readonly text: string
}

export interface ForeignKeyDefinition {
  readonly name: string | undefined
  readonly columns: readonly string[]
  readonly references: QualifiedName
  readonly referencedColumns: readonly string[]
  /** From REFERENCES on, as written. */
  readonly text: string
  readonly match: string | undefined
  readonly onDelete: ReferentialAction | undefined
  readonly onUpdate: ReferentialAction | undefined
}

export interface CreateTable {
  readonly kind: 'create table'
  readonly table: QualifiedName
  readonly ifNotExists: boolean
  readonly temporary: boolean
  readonly columns: readonly ColumnDefinition[]
  readonly indexes: readonly IndexDefinition[]
  readonly foreignKeys: readonly ForeignKeyDefinition[]
  readonly checks: readonly (string | undefined)[]
  /** CREATE TABLE … LIKE, AS SELECT. */
  readonly from: 'definition' | 'like' | 'select'
  /** MariaDB's CREATE OR REPLACE, which drops what was there. */
  readonly replaces: boolean
  /** The columns of its primary key, written beside a column or by itself; empty for none. */
  readonly primaryKey: readonly string[]
  /** The table of LIKE, those that the query of AS SELECT reads. */
  readonly reads: readonly QualifiedName[]
}

export interface CreateTrigger {
  readonly kind: 'create trigger'
  readonly name: QualifiedName
  readonly table: QualifiedName
  readonly replaces: boolean
  readonly ifNotExists: boolean
}
