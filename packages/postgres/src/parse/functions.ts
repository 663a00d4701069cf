import type { Node, TypeCast } from 'libpg-query'
import { strings } from './names.js'
import { type AstValue, walkAst } from './walk-ast.js'

/**
 * What is known of a function from its name. `volatile`: another result for every row, so that a default which calls it
 * rewrites the table; `plain`: stable or immutable; `unknown`: only the catalog could say.
 */
export type FunctionKind = 'volatile' | 'plain' | 'unknown'

/** PostgreSQL 18 `pg_proc.provolatile = 'v'`, as far as statements of users call them, and the usual extensions'. */
const VOLATILE = new Set(
  `random random_normal setseed clock_timestamp timeofday nextval setval currval lastval gen_random_uuid uuidv4 uuidv7
  uuid_generate_v1 uuid_generate_v1mc uuid_generate_v4 gen_random_bytes gen_salt pg_sleep pg_sleep_for pg_sleep_until
  pg_notify set_config lo_create lo_creat lo_unlink lo_put lo_from_bytea current_query pg_advisory_lock
  pg_advisory_xact_lock pg_try_advisory_lock pg_try_advisory_xact_lock dblink dblink_exec normal_rand`.split(/\s+/),
)

/** Stable or immutable functions of PostgreSQL 14 to 18 that defaults, backfills and checks call. */
const PLAIN = new Set(
  `txid_current txid_current_if_assigned pg_current_xact_id pg_current_xact_id_if_assigned
  now transaction_timestamp statement_timestamp current_schema current_schemas current_setting current_database
  session_user version age date_part date_trunc date_bin extract isfinite justify_days justify_hours
  justify_interval make_date make_interval make_time make_timestamp make_timestamptz to_char to_date to_number
  to_timestamp timezone overlaps date time timestamp timestamptz interval
  abs cbrt ceil ceiling degrees div exp factorial floor gcd lcm ln log log10 min_scale mod pi power pow radians round
  scale sign sqrt trim_scale trunc width_bucket acos asin atan atan2 cos cot sin tan sinh cosh tanh
  ascii bit_length btrim char_length character_length chr concat concat_ws convert convert_from convert_to decode
  encode format initcap left length lower lpad ltrim md5 normalize octet_length overlay parse_ident position
  quote_ident quote_literal quote_nullable regexp_count regexp_instr regexp_like regexp_match regexp_matches
  regexp_replace regexp_split_to_array regexp_split_to_table regexp_substr repeat replace reverse right rpad rtrim
  split_part starts_with string_to_array string_to_table strpos substr substring to_ascii to_hex to_bin to_oct
  translate upper unistr casefold sha224 sha256 sha384 sha512 get_bit get_byte set_bit set_byte bit_count crc32
  array_append array_cat array_dims array_fill array_length array_lower array_ndims array_position array_positions
  array_prepend array_remove array_replace array_to_string array_upper cardinality trim_array unnest array_reverse
  array_sort array_to_json row_to_json to_json to_jsonb json_array_elements json_array_elements_text
  json_array_length json_build_array json_build_object json_each json_each_text json_extract_path
  json_extract_path_text json_object json_object_keys json_populate_record json_strip_nulls json_to_record json_typeof
  jsonb_array_elements jsonb_array_elements_text jsonb_array_length jsonb_build_array jsonb_build_object jsonb_each
  jsonb_each_text jsonb_extract_path jsonb_extract_path_text jsonb_insert jsonb_object jsonb_object_keys
  jsonb_path_exists jsonb_path_match jsonb_path_query jsonb_path_query_array jsonb_path_query_first
  jsonb_populate_record jsonb_pretty jsonb_set jsonb_set_lax jsonb_strip_nulls jsonb_to_record jsonb_typeof
  coalesce nullif greatest least num_nonnulls num_nulls int4range int8range numrange tsrange tstzrange daterange
  lower_inc upper_inc lower_inf upper_inf isempty range_merge range_agg multirange
  abbrev broadcast family host hostmask masklen netmask network set_masklen text inet_merge inet_same_family macaddr8_set7bit
  to_tsvector to_tsquery plainto_tsquery phraseto_tsquery websearch_to_tsquery setweight strip tsvector_to_array
  array_to_tsvector ts_rank ts_rank_cd ts_headline numnode querytree ts_delete ts_filter
  point circle box line lseg path polygon area center diameter height width radius
  count sum avg min max string_agg array_agg json_agg jsonb_agg json_object_agg jsonb_object_agg bool_and bool_or every
  bit_and bit_or stddev variance row_number rank dense_rank lag lead first_value last_value nth_value ntile
  percentile_cont percentile_disc mode any_value generate_series generate_subscripts
  like_escape similar_to_escape is_normalized xmlcomment xpath to_regclass to_regtype pg_typeof pg_column_size
  pg_get_serial_sequence obj_description col_description has_table_privilege enum_first enum_last enum_range
  digest hmac unaccent similarity uuid_nil uuid_ns_dns uuid_generate_v5 uuid_generate_v3 uuid_extract_timestamp
  uuid_extract_version hashtext hashtextextended citext bool int2 int4 int8 numeric float4 float8 varchar bpchar
  jsonb json pg_size_pretty grouping merge_action hstore slice akeys avals`.split(/\s+/),
)

/** Stable within a transaction and different in the next one. */
const PER_TRANSACTION = new Set(
  `now transaction_timestamp statement_timestamp age txid_current txid_current_if_assigned pg_current_xact_id
  pg_current_xact_id_if_assigned`.split(/\s+/),
)

const TIME_KEYWORD = /^SVFOP_(CURRENT_(DATE|TIME|TIMESTAMP)|LOCALTIME)/

/** Words that a date or time type reads as of now (PostgreSQL docs: Date/Time Input, "Special Values"). */
const TIME_WORD = /^\s*(now|today|tomorrow|yesterday)\s*$/i

/** Would the same expression over the same row give another value tomorrow? (`now()`, `CURRENT_DATE`, `date 'today'`) */
export function differsPerTransaction(root: unknown): boolean {
  let differs = false
  walkAst(root, (value, key) => {
    if (key === 'SQLValueFunction' && TIME_KEYWORD.test(String(value.op))) differs = true
    if (isCall(key) && readsTheClock(value)) differs = true
    if (key === 'TypeCast' && TIME_WORD.test(castText(value as TypeCast))) differs = true
  })
  return differs
}

/** `age(born)` is counted from today; `age(a, b)` reads its arguments alone. */
function readsTheClock(call: AstValue): boolean {
  const name = strings(call.funcname as Node[] | undefined).at(-1) ?? ''
  return PER_TRANSACTION.has(name) && (name !== 'age' || (call.args as Node[] | undefined)?.length === 1)
}

function castText({ arg }: TypeCast): string {
  return arg !== undefined && 'A_Const' in arg ? (arg.A_Const.sval?.sval ?? '') : ''
}

/** Volatile, and they do something that no transaction of ours undoes, or that the SQL does not show. */
const ACTS = new Set('lo_unlink lo_put dblink dblink_exec dblink_send_query'.split(' '))

/** Does a bare `SELECT` of it change what only its arguments or its body tell? */
export function actsUnseen(name: readonly string[]): boolean {
  return functionKind(name) === 'unknown' || ACTS.has(name.at(-1) ?? '')
}

/** @param name as the syntax tree holds it: `['pg_catalog', 'now']`, `['billing', 'next_number']` */
export function functionKind(name: readonly string[]): FunctionKind {
  const own = name.at(-1) ?? ''
  const schema = name.length > 1 ? name.at(-2) : undefined
  if (VOLATILE.has(own)) return 'volatile'
  if (schema !== undefined && schema !== 'pg_catalog') return 'unknown'
  return PLAIN.has(own) ? 'plain' : 'unknown'
}

/** The names of the functions that an expression or statement calls. */
export function functionsCalled(root: unknown): string[][] {
  const names: string[][] = []
  walkAst(root, (value: AstValue, key) => {
    if (isCall(key)) names.push(strings(value.funcname as Node[] | undefined))
  })
  return names
}

function isCall(key: string): boolean {
  return key === 'FuncCall' || key === 'funccall'
}

/** Does it call a function that is volatile, or that only the catalog could clear of it? */
export function mayBeVolatile(root: unknown): boolean {
  return functionsCalled(root).some((name) => functionKind(name) !== 'plain')
}
