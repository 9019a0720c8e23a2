// What is known of the functions that come with PostgreSQL. Everything that is not listed here and not immutable is opaque.
//
// A function that the server itself marks immutable computes from its arguments alone: it reads no table, no file and no other
// session, so its result shows at most its arguments. `isHarmless` takes these from the snapshot; the list below adds those that are
// stable or volatile, yet show nothing but their arguments, the definition of objects, the clock, chance, or the session itself.

const words = (text: string): string[] => text.trim().split(/\s+/);

export const HARMLESS: ReadonlySet<string> = new Set(
  words(`
  age array_to_json array_to_string array_sample array_shuffle clock_timestamp concat concat_ws convert convert_from convert_to
  date date_add date_part date_subtract date_trunc enum_first enum_last enum_range extract format generate_series
  json_agg json_agg_strict json_build_array json_build_object json_object_agg json_object_agg_strict json_object_agg_unique
  json_object_agg_unique_strict json_populate_record json_populate_recordset json_to_record json_to_recordset json_to_tsvector
  jsonb_agg jsonb_agg_strict jsonb_build_array jsonb_build_object jsonb_object_agg jsonb_object_agg_strict jsonb_object_agg_unique
  jsonb_object_agg_unique_strict jsonb_path_exists_tz jsonb_path_match_tz jsonb_path_query_array_tz jsonb_path_query_first_tz
  jsonb_path_query_tz jsonb_populate_record jsonb_populate_record_valid jsonb_populate_recordset jsonb_to_record jsonb_to_recordset
  jsonb_to_tsvector length make_timestamptz money now numeric overlaps quote_literal quote_nullable row_to_json statement_timestamp
  time timeofday timestamp timestamptz timetz timezone to_char to_date to_json to_jsonb to_number to_timestamp
  transaction_timestamp xml xml_is_well_formed pg_column_size pg_column_compression pg_typeof pg_collation_for
  phraseto_tsquery plainto_tsquery to_tsquery to_tsvector websearch_to_tsquery ts_headline ts_match_tq ts_match_tt ts_debug ts_parse
  ts_token_type get_current_ts_config pg_input_is_valid pg_input_error_info
  bernoulli system
  gen_random_uuid uuidv4 uuidv7 random random_normal
  current_database current_query current_schema current_schemas current_user session_user system_user getpgusername version
  current_setting pg_backend_pid pg_client_encoding getdatabaseencoding pg_encoding_to_char pg_char_to_encoding pg_my_temp_schema
  pg_is_other_temp_schema inet_client_addr inet_client_port inet_server_addr inet_server_port pg_postmaster_start_time
  pg_conf_load_time pg_is_in_recovery pg_is_wal_replay_paused pg_last_wal_receive_lsn pg_last_wal_replay_lsn
  pg_last_xact_replay_timestamp pg_current_wal_lsn pg_current_wal_insert_lsn pg_current_wal_flush_lsn pg_trigger_depth
  pg_current_snapshot pg_current_xact_id pg_current_xact_id_if_assigned txid_current txid_current_if_assigned
  txid_current_snapshot txid_status pg_xact_status pg_jit_available pg_listening_channels pg_notification_queue_usage
  pg_timezone_abbrevs_abbrevs pg_timezone_abbrevs_zone pg_timezone_names pg_show_all_settings pg_settings_get_flags
  pg_blocking_pids pg_safe_snapshot_blocking_pids pg_lock_status pg_get_keywords pg_get_catalog_foreign_keys
  aclexplode col_description obj_description shobj_description format_type oidvectortypes row_security_active
  has_any_column_privilege has_column_privilege has_database_privilege has_foreign_data_wrapper_privilege has_function_privilege
  has_language_privilege has_largeobject_privilege has_parameter_privilege has_schema_privilege has_sequence_privilege
  has_server_privilege has_table_privilege has_tablespace_privilege has_type_privilege pg_has_role
  pg_available_extension_versions pg_available_extensions pg_basetype pg_collation_actual_version
  pg_database_collation_actual_version pg_column_is_updatable pg_relation_is_updatable pg_relation_is_publishable
  pg_collation_is_visible pg_conversion_is_visible pg_function_is_visible pg_opclass_is_visible pg_operator_is_visible
  pg_opfamily_is_visible pg_statistics_obj_is_visible pg_table_is_visible pg_ts_config_is_visible pg_ts_dict_is_visible
  pg_ts_parser_is_visible pg_ts_template_is_visible pg_type_is_visible
  pg_database_size pg_indexes_size pg_relation_size pg_table_size pg_tablespace_size pg_total_relation_size
  pg_relation_filenode pg_relation_filepath pg_filenode_relation pg_tablespace_databases pg_tablespace_location
  pg_describe_object pg_identify_object pg_identify_object_as_address pg_extension_update_paths pg_options_to_table
  pg_get_acl pg_get_constraintdef pg_get_expr pg_get_function_arg_default pg_get_function_arguments
  pg_get_function_identity_arguments pg_get_function_result pg_get_function_sqlbody pg_get_functiondef pg_get_indexdef
  pg_get_object_address pg_get_partition_constraintdef pg_get_partkeydef pg_get_publication_tables pg_get_replica_identity_index
  pg_get_ruledef pg_get_sequence_data pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns
  pg_get_statisticsobjdef_expressions pg_get_triggerdef pg_get_userbyid pg_get_viewdef pg_index_column_has_property
  pg_index_has_property pg_indexam_has_property pg_partition_ancestors pg_partition_tree pg_sequence_parameters
  pg_sequence_last_value currval lastval nextval _pg_index_position
  to_regclass to_regcollation to_regnamespace to_regoper to_regoperator to_regproc to_regprocedure to_regrole to_regtype
  to_regtypemod regclass
  pg_stat_have_stats pg_stat_get_snapshot_timestamp
  pg_sleep pg_sleep_for pg_sleep_until setseed setval set_config pg_notify
  pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_all pg_advisory_unlock_shared
  pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
  pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared
`),
);

/** Counters of the statistics collector: numbers about relations and backends, never a value or a statement. */
const COUNTER = /^pg_stat_get_(?!activity$|backend_activity$|wal_receiver$|wal_senders$|subscription$)/;

/** True for a built-in whose result shows at most its arguments. `immutable`: every overload of the name is. */
export const isHarmless = (name: string, immutable: boolean): boolean =>
  immutable || HARMLESS.has(name) || COUNTER.test(name);

/** Carry their arguments out of the statement: to other sessions, settings, sequences, locks. */
export const CARRIERS: ReadonlySet<string> = new Set(
  words(`setseed nextval setval set_config pg_notify pg_advisory_lock pg_advisory_lock_shared pg_advisory_unlock pg_advisory_unlock_shared
  pg_advisory_xact_lock pg_advisory_xact_lock_shared pg_try_advisory_lock pg_try_advisory_lock_shared
  pg_try_advisory_xact_lock pg_try_advisory_xact_lock_shared`),
);

/** Take as long as they are told. */
export const SLOW: ReadonlySet<string> = new Set(words("pg_sleep pg_sleep_for pg_sleep_until"));

/** Tell only whether their arguments are null. */
export const NULLNESS: ReadonlySet<string> = new Set(words("count num_nulls num_nonnulls"));

/** Tell only the type of their arguments. */
export const TYPE_ONLY: ReadonlySet<string> = new Set(["pg_typeof"]);

/** A constant compared with their result says what it would say of their one argument. */
export const NEAR: ReadonlySet<string> = new Set(words("lower upper initcap btrim ltrim rtrim unaccent"));

/** Cannot fail, whatever the data in any of the arguments. */
export const TOTAL: ReadonlySet<string> = new Set(
  words(`
  lower upper initcap length char_length character_length octet_length bit_length btrim ltrim rtrim md5 sha224 sha256 sha384 sha512
  reverse concat concat_ws strpos position starts_with replace translate quote_ident quote_literal quote_nullable ascii to_hex
  to_json to_jsonb row_to_json array_to_json json_build_array jsonb_build_array json_agg jsonb_agg json_agg_strict jsonb_agg_strict
  array_agg string_agg count min max avg sum bool_and bool_or every bit_and bit_or bit_xor any_value stddev stddev_pop stddev_samp
  variance var_pop var_samp percentile_cont percentile_disc mode corr regr_slope regr_count regr_r2
  row_number rank dense_rank percent_rank cume_dist lag lead first_value last_value
  age isfinite date overlaps left right sign floor ceil ceiling round trunc
  cardinality array_length array_ndims array_upper array_lower array_to_string array_position array_positions array_remove
  array_append unnest json_array_length jsonb_array_length jsonb_typeof json_typeof jsonb_exists
  coalesce num_nulls num_nonnulls pg_typeof pg_column_size hashtext isempty lower_inc upper_inc host family masklen
  jsonb_strip_nulls json_strip_nulls jsonb_pretty generate_subscripts
`),
);

/** Cannot fail when only their first argument holds data. */
export const TOTAL_IN_FIRST: ReadonlySet<string> = new Set(
  words(`substr substring split_part overlay lpad rpad regexp_replace regexp_match regexp_matches regexp_count regexp_like
  regexp_substr regexp_split_to_table regexp_split_to_array regexp_instr encode to_char nullif string_to_array
  string_to_table jsonb_extract_path jsonb_extract_path_text json_extract_path json_extract_path_text abs normalize unaccent`),
);

/** Cannot fail when only their last argument holds data. */
export const TOTAL_IN_LAST: ReadonlySet<string> = new Set(
  words("date_part date_trunc extract timezone json_object_agg jsonb_object_agg"),
);

/** Cannot fail when their keys, the first and every other argument from there, hold no data. */
export const KEYED: ReadonlySet<string> = new Set(words("json_build_object jsonb_build_object"));

/** Total for the columns of a table as they are: a text that was made on purpose has words too long to be indexed (a notice says so). */
export const TOTAL_FOR_COLUMNS: ReadonlySet<string> = new Set(words("to_tsvector array_cat"));

/** Those of the above that fail for values which no ordinary column holds: the greatest of a type, infinity, arrays of arrays. */
export const ORDINARY: ReadonlySet<string> = new Set(
  words(`abs age array_append array_cat array_position array_positions array_remove avg bit_and bit_or bit_xor ceil ceiling corr date
  date_part date_trunc extract floor overlaps regr_count regr_r2 regr_slope round stddev stddev_pop stddev_samp sum timezone to_char
  percentile_cont percentile_disc trunc var_pop var_samp variance`),
);

/** Compare their arguments with each other, or with those of other rows. */
export const COMPARING: ReadonlySet<string> = new Set(words("min max array_position array_positions array_remove"));

/** Give one of several values, by number. */
export const CHOOSING: ReadonlySet<string> = new Set(words("lag lead nth_value percentile_cont percentile_disc"));

/** Give numbers of few digits. */
export const SMALL: ReadonlySet<string> = new Set(
  words(
    "length char_length character_length octet_length ascii cardinality array_length sign strpos position jsonb_array_length",
  ),
);

/** Tell the time: as good as a number of few digits. */
export const CLOCK: ReadonlySet<string> = new Set(
  words("now statement_timestamp transaction_timestamp clock_timestamp"),
);

/** Parts of a date or time that are numbers of few digits; `epoch` and `microseconds` are not. */
export const SMALL_FIELDS: ReadonlySet<string> = new Set(
  words("century day decade dow doy hour isodow isoyear minute month quarter second week year"),
);
