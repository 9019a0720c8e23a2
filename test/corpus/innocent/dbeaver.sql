-- DBeaver: connecting, the tree of a database, an editor.
-- Written from what the program is known to send.
-- as: engineer

SET application_name = 'DBeaver 24.1.0 - Main <clinic>';

SET extra_float_digits = 3;

SELECT db.oid,db.* FROM pg_catalog.pg_database db WHERE datallowconn AND NOT datistemplate AND db.datname='clinic' ORDER BY db.datname;

select * from pg_catalog.pg_settings where name='standard_conforming_strings';

select string_agg(word, ',' order by word) from pg_catalog.pg_get_keywords() where word <> ALL ('{a,abs,absolute,action}'::text[]);

SELECT current_schema(),session_user;

SELECT n.oid,n.*,d.description FROM pg_catalog.pg_namespace n LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=n.oid AND d.objsubid=0 AND d.classoid='pg_namespace'::regclass WHERE nspname !~ '^pg_(toast_)?temp' ORDER BY nspname;

SELECT n.nspname = ANY(current_schemas(true)), n.nspname, t.typname FROM pg_catalog.pg_type t JOIN pg_catalog.pg_namespace n ON t.typnamespace = n.oid WHERE t.oid = 25;

SELECT t.oid,t.*,c.relkind,format_type(nullif(t.typbasetype, 0), t.typtypmod) as base_type_name, d.description FROM pg_catalog.pg_type t LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid=t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid=t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid=d.objoid WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C') AND t.typnamespace = 'public'::regnamespace ORDER BY t.oid;

SELECT c.oid,c.*,d.description,pg_catalog.pg_get_expr(c.relpartbound, c.oid) as partition_expr, pg_catalog.pg_get_partkeydef(c.oid) as partition_key FROM pg_catalog.pg_class c LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_class'::regclass WHERE c.relnamespace='public'::regnamespace AND c.relkind not in ('i','I','c') ORDER BY c.oid;

SELECT c.relname,a.*,pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) as def_value,dsc.description,dep.objid FROM pg_catalog.pg_attribute a INNER JOIN pg_catalog.pg_class c ON (a.attrelid=c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid=ad.adrelid AND a.attnum = ad.adnum) LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid=dsc.objoid AND a.attnum = dsc.objsubid) LEFT OUTER JOIN pg_depend dep on dep.refobjid = a.attrelid AND dep.deptype = 'i' and dep.refobjsubid = a.attnum and dep.classid = dep.refclassid WHERE NOT a.attisdropped AND c.relkind not in ('i','I','c') AND c.oid='{public.patients}' ORDER BY a.attnum;

SELECT c.oid,c.*,t.relname as tabrelname,rt.relnamespace as refnamespace,d.description, case when c.contype='c' then "substring"(pg_get_constraintdef(c.oid), 7) else null end consrc_copy FROM pg_catalog.pg_constraint c INNER JOIN pg_catalog.pg_class t ON t.oid=c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid=c.confrelid LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=c.oid AND d.objsubid=0 AND d.classoid='pg_constraint'::regclass WHERE c.conrelid='{public.encounters}' ORDER BY c.oid;

SELECT i.*,i.indkey as keys,c.relname,c.relnamespace,c.relam,c.reltablespace,tc.relname as tabrelname,dsc.description,pg_catalog.pg_get_expr(i.indpred, i.indrelid) as pred_expr,pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) as expr,pg_catalog.pg_relation_size(i.indexrelid) as index_rel_size,pg_catalog.pg_stat_get_numscans(i.indexrelid) as index_num_scans FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid=i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid=i.indrelid LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid=dsc.objoid WHERE i.indrelid='{public.departments}' ORDER BY tabrelname, c.relname;

SELECT x.oid,x.*,p.relname FROM pg_catalog.pg_trigger x JOIN pg_class p ON p.oid = x.tgrelid WHERE x.tgrelid='{public.patients}' AND NOT x.tgisinternal ORDER BY x.oid;

SELECT p.oid as poid,p.*,pg_catalog.pg_get_expr(p.proargdefaults, 0) as arg_defaults,d.description FROM pg_catalog.pg_proc p LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid=p.oid AND d.objsubid = 0 WHERE p.pronamespace='public'::regnamespace ORDER BY p.proname, p.oid;

SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname,pg_get_expr(ad.adbin, ad.adrelid) adefval, CASE WHEN cl.relkind IS NOT NULL THEN CAST(cl.relkind AS text) || COALESCE(CAST(dep.objsubid AS text), '') WHEN co.oid IS NOT NULL THEN 'C' || CAST(co.contype AS text) ELSE '' END AS type FROM pg_depend dep LEFT JOIN pg_class cl ON dep.objid=cl.oid LEFT JOIN pg_attribute attr ON attr.attrelid=dep.objid AND attr.attnum=dep.objsubid LEFT JOIN pg_constraint co ON dep.objid=co.oid LEFT JOIN pg_attrdef ad ON ad.oid=dep.objid WHERE dep.refobjid='{public.departments}' ORDER BY 1, 2, 3, 5;

select c.oid,pg_catalog.pg_total_relation_size(c.oid) as total_rel_size,pg_catalog.pg_relation_size(c.oid) as rel_size FROM pg_class c WHERE c.relnamespace='billing'::regnamespace ORDER BY 1;

SELECT pg_catalog.pg_get_viewdef({public.patient_directory}, true);

select a.oid,a.rolname,a.rolsuper from pg_catalog.pg_roles a order by a.rolname;

SELECT x.* FROM public.departments x ORDER BY id LIMIT 200;

SELECT x.id, x.kind, x.admitted_at, x.vitals FROM public.encounters x ORDER BY x.id LIMIT 200;

SELECT count(*) FROM (SELECT x.* FROM public.departments x) dbvrcnt;

SHOW search_path;

SELECT * FROM pg_catalog.pg_enum WHERE enumtypid='{type public.sex}' ORDER BY enumsortorder;

EXPLAIN (FORMAT XML) SELECT * FROM departments;
