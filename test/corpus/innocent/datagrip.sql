-- DataGrip: introspection of a database.
-- Written from what the program is known to send.
-- as: engineer

select N.oid::bigint as id, N.xmin as state_number, nspname as name, D.description, pg_catalog.pg_get_userbyid(N.nspowner) as "owner" from pg_catalog.pg_namespace N left join pg_catalog.pg_description D on N.oid = D.objoid order by case when nspname = pg_catalog.current_schema() then -1::bigint else N.oid::bigint end;

select L.oid as id, L.xmin as state_number, L.lanname as name, L.lanpltrusted as trusted, H.proname as handler, Hs.nspname as handlerSchema from pg_catalog.pg_language L left join pg_catalog.pg_proc H on L.lanplcallfoid = H.oid left join pg_catalog.pg_namespace Hs on H.pronamespace = Hs.oid order by L.oid;

select T.oid as table_id, relname as table_name, relkind as table_kind, pg_catalog.age(T.xmin) > 0 as aged, T.relpersistence, T.relhassubclass, T.relpartbound is not null as is_partition, (select array_agg(inhparent::bigint order by inhseqno)::varchar from pg_catalog.pg_inherits where T.oid = inhrelid) as ancestors, pg_catalog.pg_get_expr(T.relpartbound, T.oid) as partition_expression, pg_catalog.pg_get_partkeydef(T.oid) as partition_key from pg_catalog.pg_class T where relnamespace = 'public'::regnamespace and relkind in ('r', 'm', 'v', 'f', 'p') order by table_kind, table_id;

with T as ( select T.oid as table_id, T.relname as table_name from pg_catalog.pg_class T where T.relnamespace = 'public'::regnamespace::oid and T.relkind in ('r', 'm', 'v', 'f', 'p') ) select T.table_id, C.attnum as column_position, C.attname as column_name, C.xmin <> '0'::xid as column_state, C.atttypmod as type_mod, C.attndims as dimensions_number, pg_catalog.format_type(C.atttypid, C.atttypmod) as type_spec, C.atttypid as type_id, C.attnotnull as mandatory, pg_catalog.pg_get_expr(D.adbin, T.table_id) as column_default_expression, not C.attislocal as column_is_inherited, C.attidentity as identity_kind, C.attgenerated as generated from T join pg_catalog.pg_attribute C on T.table_id = C.attrelid left join pg_catalog.pg_attrdef D on (C.attrelid, C.attnum) = (D.adrelid, D.adnum) where attnum > 0 and not attisdropped order by table_id, attnum;

select tab.oid table_id, tab.relkind table_kind, ind_stor.relname index_name, ind_head.indexrelid index_id, indkey as column_positions, coalesce(sch.nspname, ''), ind_head.indoption, pg_get_expr(indpred, indrelid) as condition, ind_stor.reltablespace, opcmethod as access_method_id, array(select pg_get_indexdef(ind_head.indexrelid, k, true) from generate_series(1, ind_head.indnatts) k) as cols from pg_catalog.pg_class tab join pg_catalog.pg_index ind_head on ind_head.indrelid = tab.oid join pg_catalog.pg_class ind_stor on tab.relnamespace = ind_stor.relnamespace and ind_stor.oid = ind_head.indexrelid left join pg_catalog.pg_opclass on pg_opclass.oid = ANY(indclass) left join pg_catalog.pg_namespace sch on sch.oid = ind_stor.relnamespace where tab.relkind in ('r', 'm', 'v', 'p') and ind_stor.relkind in ('i', 'I') and tab.relname = 'encounters' order by 3, 4, 10;

with system_languages as ( select oid as lang from pg_catalog.pg_language where lanname in ('c','internal') ) select PR.oid as id, PR.pronargs, PR.prokind, PR.provolatile, PR.prosrc as src, pg_catalog.pg_get_function_sqlbody(PR.oid) as sqlbody, PR.proname from pg_catalog.pg_proc PR where PR.pronamespace = 'public'::regnamespace::oid and not PR.prokind in ('a', 'w') and PR.prolang not in (select lang from system_languages) order by PR.proname;

select E.oid as id, E.xmin <> '0'::xid as s, extname as name, extversion as version, extnamespace as schema_id, nspname as schema_name, array(select unnest from unnest(available_versions) where unnest > extversion) as available_updates from pg_catalog.pg_extension E join pg_namespace N on E.extnamespace = N.oid left join (select name, array_agg(version) as available_versions from pg_available_extension_versions() group by name) V on E.extname = V.name order by 1;

select R.ev_class as view_id, R.oid as rule_id, R.rulename as rule_name, pg_catalog.translate(ev_type,'1234','SUID') as rule_event_code, R.ev_enabled as rule_fire_mode, R.is_instead as rule_is_instead, pg_catalog.pg_get_ruledef(R.oid, true) as def from pg_catalog.pg_rewrite R where R.ev_class in (select oid from pg_catalog.pg_class where relnamespace = 'public'::regnamespace) order by 1, 2;

select T.oid as object_id, T.relacl as acl from pg_catalog.pg_class T where relnamespace = 'public'::regnamespace and relacl is not null order by 1;

select current_database() as a, current_schemas(false) as b, txid_current_if_assigned() as c;

select round(extract(epoch from pg_postmaster_start_time() at time zone 'UTC')) > 0 as startup_time;

select case when pg_catalog.pg_is_in_recovery() then null else (pg_catalog.txid_current() % (2^32)::bigint) > 0 end as current_txid;
