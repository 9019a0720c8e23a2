-- What monitoring and schema tools ask of the catalogs and counters.
-- Written from what such programs are known to send.
-- as: engineer

SELECT t.oid AS oid, t.relname AS name, t.relkind, nsp.nspname, pg_stat_get_live_tuples(t.oid) >= 0 AS live FROM pg_class t JOIN pg_namespace nsp ON nsp.oid = t.relnamespace WHERE t.relkind IN ('r','p') AND nsp.nspname = 'public' ORDER BY 2;

SELECT c.oid, c.conname AS name, conrelid, confrelid, array_to_string(conkey, ',') AS conkey, confupdtype AS fk_updtype, confdeltype AS fk_deltype, confmatchtype AS fk_matchtype, connoinherit, pg_get_constraintdef(c.oid) FROM pg_constraint c WHERE contype = 'f' ORDER BY 2;

SELECT has_table_privilege('public.encounters', 'SELECT') AS s, has_column_privilege('public.encounters', 'reason', 'UPDATE') AS u, has_schema_privilege('billing', 'USAGE') AS b, has_sequence_privilege('audit.row_changes_id_seq', 'USAGE') AS q, pg_has_role(current_user, 'pg_read_all_data', 'member') AS r, has_function_privilege('public.age_band(date)', 'execute') AS f;

SELECT schemaname, relname, seq_scan >= 0 AS s, n_live_tup >= 0 AS l FROM pg_stat_user_tables ORDER BY 1, 2;

SELECT datname, numbackends > 0 AS n, xact_commit > 0 AS c, blks_hit >= 0 AS b FROM pg_stat_database WHERE datname = current_database();

SELECT schemaname, relname, indexrelname, idx_scan >= 0 AS used FROM pg_stat_user_indexes ORDER BY 1, 2, 3;

SELECT relname, heap_blks_read >= 0 AS r, heap_blks_hit >= 0 AS h, idx_blks_hit >= 0 FROM pg_statio_user_tables ORDER BY schemaname, relname;

SELECT count(*) > 0 AS some FROM pg_stat_bgwriter;

SELECT num_timed >= 0 AS t, buffers_written >= 0 AS w FROM pg_stat_checkpointer;

SELECT wal_records >= 0 AS r FROM pg_stat_wal;

SELECT count(*) AS n FROM pg_stat_replication;

SELECT slot_name, active FROM pg_replication_slots;

SELECT mode, count(*) > 0 AS some FROM pg_locks WHERE mode = 'AccessShareLock' GROUP BY 1;

SELECT count(*) AS blocked FROM pg_locks l WHERE NOT l.granted AND l.relation = 1;

SELECT state, count(*) >= 0 AS n FROM pg_stat_activity WHERE datname = 'nosuch' GROUP BY state;

-- varies: state, n
SELECT coalesce(state, '-') AS state, count(*) AS n FROM pg_stat_activity WHERE datname = 'nosuch' GROUP BY 1;

SELECT pid IS NOT NULL AS p, wait_event_type FROM pg_stat_activity WHERE datname = 'nosuch';

SELECT pg_database_size(current_database()) > 0 AS s, pg_size_pretty(pg_table_size('departments')) AS t, pg_indexes_size('departments') AS i, pg_total_relation_size('public.departments'::regclass) AS total;

SELECT sum(pg_relation_size(oid)) > 0 FROM pg_class WHERE relkind = 'i' AND relname = 'departments_pkey';

SELECT max(age(datfrozenxid)) > 0 AS old FROM pg_database;

SELECT c.oid::regclass AS t, age(c.relfrozenxid) > 0 AS a, pg_table_size(c.oid) >= 0 AS s FROM pg_class c JOIN pg_namespace n ON c.relnamespace = n.oid WHERE relkind IN ('r','t','m') AND n.nspname NOT IN ('pg_toast') ORDER BY c.oid LIMIT 20;

SELECT pg_is_in_recovery() AS r, pg_last_wal_receive_lsn() AS a, pg_last_xact_replay_timestamp() AS b;

SELECT pg_wal_lsn_diff(pg_current_wal_lsn(), '0/0') > 0 AS w;

SELECT name, setting, unit, category, short_desc, context, vartype, source, min_val, max_val, boot_val FROM pg_settings WHERE name IN ('max_connections', 'shared_buffers') ORDER BY 1;

SELECT name, default_version, installed_version FROM pg_available_extensions WHERE name = 'plpgsql';

SELECT rolname, rolsuper, rolcanlogin, rolconnlimit FROM pg_roles WHERE rolname LIKE 'pg\_%' ORDER BY 1;

SELECT datname, pg_encoding_to_char(encoding), datcollate, datctype, datistemplate FROM pg_database ORDER BY 1;

SELECT tablename, indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' ORDER BY 1, 2;

SELECT viewname, definition FROM pg_views WHERE schemaname = 'public' ORDER BY 1;

SELECT matviewname, ispopulated FROM pg_matviews ORDER BY 1;

SELECT sequencename, start_value, increment_by, cycle FROM pg_sequences WHERE schemaname <> 'scratch' ORDER BY 1;

SELECT constraint_name, table_name, column_name, ordinal_position FROM information_schema.key_column_usage WHERE table_schema = 'public' ORDER BY 1, 2, 4;

SELECT tc.constraint_name, tc.constraint_type, tc.table_name, kcu.column_name, ccu.table_name AS foreign_table FROM information_schema.table_constraints tc JOIN information_schema.key_column_usage kcu ON tc.constraint_name = kcu.constraint_name AND tc.table_schema = kcu.table_schema JOIN information_schema.constraint_column_usage ccu ON ccu.constraint_name = tc.constraint_name WHERE tc.constraint_type = 'FOREIGN KEY' ORDER BY 1, 4, 5;

SELECT rc.constraint_name, rc.update_rule, rc.delete_rule FROM information_schema.referential_constraints rc ORDER BY 1;

SELECT routine_name, routine_type, data_type, external_language FROM information_schema.routines WHERE specific_schema = 'public' ORDER BY 1;

SELECT trigger_name, event_manipulation, event_object_table, action_timing FROM information_schema.triggers ORDER BY 1, 2;

SELECT view_name, table_name FROM information_schema.view_table_usage ORDER BY 1, 2;

SELECT grantee, privilege_type, is_grantable FROM information_schema.role_table_grants WHERE table_name = 'departments' ORDER BY 1, 2;

SELECT catalog_name, schema_name, schema_owner FROM information_schema.schemata WHERE schema_name !~ '^pg_(toast_)?temp_' ORDER BY 2;

SELECT c.table_schema, c.table_name, c.column_name, c.data_type, e.data_type AS element FROM information_schema.columns c LEFT JOIN information_schema.element_types e ON ((c.table_catalog, c.table_schema, c.table_name, 'TABLE', c.dtd_identifier) = (e.object_catalog, e.object_schema, e.object_name, e.object_type, e.collection_type_identifier)) WHERE c.table_schema = 'public' ORDER BY 1, 2, c.ordinal_position;

SELECT domain_name, data_type, domain_default FROM information_schema.domains WHERE domain_schema = 'public' ORDER BY 1;

SELECT conname, consrc.d FROM pg_constraint c CROSS JOIN LATERAL (SELECT pg_get_constraintdef(c.oid) AS d) consrc WHERE contypid <> 0 ORDER BY 1;

SELECT pg_get_functiondef('public.initials'::regproc);

SELECT pg_get_viewdef('public.ward_board'::regclass, 80);

SELECT to_regclass('public.nosuch') IS NULL AS missing, to_regtype('sex')::text, 'encounters'::regclass::oid > 0 AS found, 'public.patients'::regclass AS p;

SELECT obj_description('public.patients'::regclass), col_description('public.patients'::regclass, 9), shobj_description((SELECT oid FROM pg_database WHERE datname = current_database()), 'pg_database');

SELECT pg_describe_object(classid, objid, objsubid) AS what, deptype FROM pg_depend WHERE refobjid = 'public.departments'::regclass ORDER BY 1 LIMIT 10;

SELECT type, schema, name, identity FROM pg_identify_object('pg_class'::regclass, 'public.departments'::regclass, 0);

SELECT collname FROM pg_collation WHERE collname IN ('C', 'POSIX') ORDER BY 1;

SELECT name, abbrev, utc_offset IS NOT NULL AS o FROM pg_timezone_names WHERE name = 'UTC';

SELECT pg_client_encoding(), getdatabaseencoding(), inet_client_addr() IS NULL AS l, current_query() IS NOT NULL AS q;

SELECT nspname || '.' || relname AS relation, pg_size_pretty(pg_total_relation_size(c.oid)) AS total FROM pg_class c LEFT JOIN pg_namespace n ON n.oid = c.relnamespace WHERE nspname NOT IN ('pg_catalog', 'information_schema') AND c.relkind <> 'i' AND nspname !~ '^pg_toast' ORDER BY pg_total_relation_size(c.oid) DESC, 1 LIMIT 20;

SELECT relname, 100 * idx_scan / nullif(seq_scan + idx_scan, 0) AS pct, n_live_tup >= 0 AS rows FROM pg_stat_user_tables WHERE relname = 'nosuch' ORDER BY n_live_tup DESC;

SELECT t.relname, i.relname AS index, array_agg(a.attname ORDER BY array_position(ix.indkey, a.attnum)) AS cols FROM pg_class t JOIN pg_index ix ON t.oid = ix.indrelid JOIN pg_class i ON i.oid = ix.indexrelid JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = ANY (ix.indkey) WHERE t.relkind = 'r' AND t.relname IN ('patients', 'encounters') GROUP BY t.relname, i.relname ORDER BY 1, 2;

SELECT blocked.pid, blocking.pid AS by FROM pg_stat_activity blocked JOIN LATERAL unnest(pg_blocking_pids(blocked.pid)) AS b(pid) ON true JOIN pg_stat_activity blocking ON blocking.pid = b.pid;

SELECT schemaname, relname, last_autovacuum IS NULL AS never, vacuum_count >= 0 AS v FROM pg_stat_all_tables WHERE relname = 'departments';

SELECT e.extname, n.nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace ORDER BY 1;

SELECT setconfig FROM pg_db_role_setting;

SELECT p.pid, p.phase FROM pg_stat_progress_vacuum p;

SELECT p.pid FROM pg_stat_progress_create_index p;

SELECT funcname, calls FROM pg_stat_user_functions;

SELECT backend_type, count(*) > 0 FROM pg_stat_io WHERE backend_type = 'client backend' GROUP BY 1;

SELECT query_id IS NULL AS q FROM pg_stat_activity WHERE pid = 0;

SELECT * FROM pg_catalog.pg_publication_tables;

SELECT datname, temp_files >= 0, deadlocks FROM pg_stat_database WHERE datname = 'template0';

SELECT sum(numbackends) > 0 AS used, (SELECT setting::int FROM pg_settings WHERE name = 'max_connections') AS max FROM pg_stat_database;

SELECT c.relname, c.reltuples::bigint AS estimate FROM pg_class c WHERE c.relname = 'departments';

SELECT c.oid, c.relname, s.n_tup_upd >= 0 AS u, pg_stat_get_last_vacuum_time(c.oid) IS NULL AS v FROM pg_class c JOIN pg_stat_all_tables s ON s.relid = c.oid WHERE c.relname = 'departments';
