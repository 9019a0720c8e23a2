-- 5. Functions of every language, DO, CALL, strings that are run as SQL, large objects, files, settings as a carrier.

-- refused 42501
SELECT ssn_of('{mrn}');

-- refused 42501
SELECT * FROM find_patient('a');

-- refused 42501
SELECT (find_patient('a')).ssn;

-- refused 42501
DO $$ BEGIN RAISE NOTICE '%', (SELECT ssn FROM patients LIMIT 1); END $$;

-- refused 42501
DO LANGUAGE plpgsql 'BEGIN PERFORM 1; END';

-- refused 42501
CALL discharge(1);

-- refused 42501
SELECT query_to_xml('SELECT ssn FROM patients', true, true, '');

-- refused 42501
SELECT query_to_xml_and_xmlschema('SELECT ssn FROM patients', true, true, '');

-- refused 42501
SELECT database_to_xml(true, true, '');

-- refused 42501
SELECT schema_to_xml('public', true, true, '');

-- refused 42501
SELECT table_to_xml('patients', true, true, '');

-- refused 42501
SELECT table_to_xml(oid, true, true, '') FROM pg_class WHERE relname = 'patients';

-- refused 42501
SELECT cursor_to_xml('c', 1, true, true, '');

-- refused 42501
SELECT * FROM ts_stat('SELECT to_tsvector(ssn) FROM patients');

-- refused 42501
SELECT ts_rewrite('a'::tsquery, 'SELECT to_tsquery(ssn), to_tsquery(ssn) FROM patients');

-- refused 42501
SELECT lo_from_bytea(0, ssn::bytea) FROM patients;

-- refused 42501
SELECT lo_get(1);

-- refused 42501
SELECT lo_export(1, '/tmp/x');

-- refused 42501
SELECT loread(lo_open(1, 262144), 100);

-- refused 42501
SELECT data FROM pg_largeobject;

-- refused 42501
SELECT pg_read_file('base/1/1249');

-- refused 42501
SELECT pg_read_binary_file('base/1/1249');

-- refused 42501
SELECT pg_ls_dir('.');

-- refused 42501
SELECT pg_current_logfile(), pg_read_file(pg_current_logfile());

-- refused 42501
SELECT set_config('app.x', ssn, false) FROM patients WHERE id = 7;

-- refused 42501
SELECT current_setting('app.x'), set_config('app.x', max(ssn), false) FROM patients;

-- refused 42501
SELECT set_config(ssn, 'x', false) FROM patients WHERE id = 7;

-- refused 42501
SELECT set_config('app.' || replace(ssn, '-', 'x'), '1', false) FROM patients WHERE id = 7;

-- refused 42883
SELECT dblink('dbname=clinic', 'SELECT ssn FROM patients');

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn FROM public.patients LIMIT 1';
SELECT scratch.peek();

-- masked, as dba, scratch
-- A function in SQL is looked into.
CREATE FUNCTION scratch.peek(i int) RETURNS text LANGUAGE sql AS 'SELECT ssn FROM public.patients WHERE id = i';
SELECT scratch.peek(7);

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(p public.patients) RETURNS text LANGUAGE sql AS 'SELECT p.ssn';
SELECT p.id FROM patients p WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(p public.patients) RETURNS text LANGUAGE sql AS 'SELECT p.ssn';
SELECT scratch.peek(p) FROM patients p WHERE id = 7;

-- refused 42703, as dba, scratch
-- The same as an attribute of the row.
CREATE FUNCTION scratch.peek(p public.patients) RETURNS text LANGUAGE sql AS 'SELECT p.ssn';
SET search_path = public, scratch;
SELECT p.peek FROM patients p WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
SELECT scratch.peek(ssn) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
SELECT scratch.peek(x => ssn) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- The body does not name its argument; an overload takes it.
CREATE FUNCTION scratch.peek(x anyelement) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN x::text; END';
SELECT scratch.peek(ssn) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(VARIADIC x text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x[2]';
SELECT scratch.peek('a', ssn) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(VARIADIC x text[]) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x[2]';
SELECT scratch.peek(VARIADIC ARRAY['a', ssn::text]) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek(a text DEFAULT 'x', b text DEFAULT 'y') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT b';
SELECT scratch.peek(b => ssn) FROM patients WHERE id = 7 LIMIT 5;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(a text DEFAULT 'x', b text DEFAULT 'y') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT b';
SELECT scratch.peek('a', ssn) FROM patients WHERE id = 7 LIMIT 5;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek(a text DEFAULT 'x', b text DEFAULT 'y') RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT b';
SELECT scratch.peek(b => ssn, a => 'x') FROM patients WHERE id = 7 LIMIT 5;

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(OUT a text, OUT b text) LANGUAGE sql AS 'SELECT ''x'', ssn FROM public.patients WHERE id = 7';
SELECT a FROM scratch.peek();

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(OUT a text, OUT b text) LANGUAGE sql AS 'SELECT ''x'', ssn FROM public.patients WHERE id = 7';
SELECT b FROM scratch.peek();

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek(OUT a text, OUT b text) LANGUAGE sql AS 'SELECT ''x'', ssn FROM public.patients WHERE id = 7';
SELECT (scratch.peek()).b FROM scratch.peek();

-- masked, as dba, scratch
CREATE FUNCTION scratch.peek() RETURNS TABLE (a int, b text) LANGUAGE sql BEGIN ATOMIC SELECT id, ssn FROM public.patients WHERE id < 4; END;
SELECT b FROM scratch.peek();

-- refused 42501, as dba, scratch
-- The function shows it in the name of something that shows nothing.
CREATE FUNCTION scratch.count(x text) RETURNS text LANGUAGE plpgsql AS 'BEGIN RETURN x; END';
SET search_path = scratch, public;
SELECT count(ssn) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.left(x text, n int) RETURNS text LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', x; RETURN NULL; END';
SET search_path = scratch, pg_catalog, public;
SELECT left(ssn, 1) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.pg_typeof(x text) RETURNS text LANGUAGE sql AS 'SELECT x';
SET search_path = scratch, pg_catalog, public;
SELECT pg_typeof(ssn::text) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.num_nulls(x text) RETURNS text LANGUAGE sql AS 'SELECT x';
SET search_path = scratch, pg_catalog, public;
SELECT num_nulls(ssn::text) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- An aggregate whose state is the value.
CREATE AGGREGATE scratch.count(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
SET search_path = scratch, pg_catalog, public;
SELECT count(ssn::text) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE AGGREGATE scratch.cat(text) (SFUNC = textcat, STYPE = text, INITCOND = '');
SELECT scratch.cat(ssn::text) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE OPERATOR scratch.= (LEFTARG = text, RIGHTARG = text, FUNCTION = textcat);
SELECT ssn::text OPERATOR(scratch.=) 'x' FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.shout(x text, y text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', x; RETURN true; END';
CREATE OPERATOR scratch.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.shout);
SELECT id FROM patients WHERE ssn::text OPERATOR(scratch.@@@) 'x';

-- refused 42501, as dba, scratch
CREATE OPERATOR scratch.## (LEFTARG = text, RIGHTARG = text, FUNCTION = textcat);
SELECT ssn::text OPERATOR(scratch.##) 'x' FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE PROCEDURE scratch.peek(INOUT x text) LANGUAGE sql AS 'SELECT max(ssn) FROM public.patients';
CALL scratch.peek(NULL);

-- refused 42501
CREATE EXTENSION dblink;

-- refused 42501
LOAD 'auto_explain';

-- refused 42501
CREATE SERVER s FOREIGN DATA WRAPPER w;

-- refused 42501
CREATE EVENT TRIGGER e ON ddl_command_end EXECUTE FUNCTION touch();

-- refused 42501
SELECT pg_catalog.pg_stat_get_activity(NULL), pg_stat_get_backend_activity(1);

-- refused 42883
SELECT pg_get_wal_records_info('0/0', '0/1');

-- refused 42501
SELECT binary_upgrade_set_next_pg_type_oid(1);

-- refused 42501
SELECT textin(textout(ssn)), pg_catalog.record_out(p) FROM patients p WHERE id = 7;

-- refused 42501, as dba, scratch
-- With the rights of whoever made it, under the name of a harmless one.
CREATE FUNCTION scratch.upper(x text) RETURNS text LANGUAGE sql SECURITY DEFINER AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
SET search_path = scratch, pg_catalog, public;
SELECT upper('x');

-- masked, as dba, scratch
-- An overload that fits better than the built-in.
CREATE FUNCTION scratch.length(x public.ssn) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
SET search_path = public, pg_catalog, scratch;
SELECT length(ssn) FROM patients WHERE id = 7;

-- masked, as dba, scratch
CREATE FUNCTION scratch.count(x public.ssn) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x::text';
SET search_path = public, scratch, pg_catalog;
SELECT count(ssn) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- An operator of one's own beside the built-in of that name, chosen by its types.
CREATE FUNCTION scratch.glue(x text, y int) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE OPERATOR scratch.+ (LEFTARG = text, RIGHTARG = int, FUNCTION = scratch.glue);
SET search_path = scratch, pg_catalog, public;
SELECT ssn::text + 1 FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.same(x text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT x';
CREATE OPERATOR scratch.!! (RIGHTARG = text, FUNCTION = scratch.same);
SELECT OPERATOR(scratch.!!) ssn::text FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- An order of one's own.
CREATE FUNCTION scratch.before(x text, y text) RETURNS boolean LANGUAGE sql IMMUTABLE AS 'SELECT x < y';
CREATE OPERATOR scratch.<<< (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.before);
SELECT id, ssn::text OPERATOR(scratch.<<<) '5' FROM patients ORDER BY id LIMIT 9;

-- refused 42501, as dba, scratch
-- Casts that run code.
CREATE TYPE scratch.wrapped AS (x text);
CREATE FUNCTION scratch.unwrap(w scratch.wrapped) RETURNS bigint LANGUAGE sql IMMUTABLE AS 'SELECT hashtext((w).x)::bigint';
CREATE CAST (scratch.wrapped AS bigint) WITH FUNCTION scratch.unwrap(scratch.wrapped);
SELECT CAST(ROW(ssn::text)::scratch.wrapped AS bigint) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE TYPE scratch.wrapped AS (x text);
CREATE FUNCTION scratch.unwrap(w scratch.wrapped) RETURNS bigint LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', w; RETURN 1; END';
CREATE CAST (scratch.wrapped AS bigint) WITH FUNCTION scratch.unwrap(scratch.wrapped) AS IMPLICIT;
SELECT abs(ROW(ssn::text)::scratch.wrapped) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE TYPE scratch.wrapped AS (x text);
CREATE CAST (scratch.wrapped AS xml) WITH INOUT AS IMPLICIT;
SELECT (ROW(ssn::text)::scratch.wrapped)::xml FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- A function that reads by itself, called for what it returns alone, and by its name with the schema left out.
CREATE FUNCTION scratch.all_of(VARIADIC ids int[]) RETURNS SETOF text LANGUAGE sql STABLE SECURITY DEFINER AS 'SELECT ssn::text FROM public.patients WHERE id = ANY (ids)';
SET search_path = scratch, public;
SELECT all_of(7, 8), * FROM all_of(9);

-- refused 42501, as dba, scratch
-- What CASE compares by is chosen by the search path.
CREATE FUNCTION scratch.same(x text, y text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''a.b'', x, false); RETURN true; END';
CREATE OPERATOR scratch.= (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.same);
SET search_path = scratch, pg_catalog, public;
SELECT CASE ssn::text WHEN 'x' THEN 1 END FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.chk(x text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN PERFORM set_config(''a.b'', x, false); RETURN true; END';
CREATE DOMAIN scratch.d AS text CHECK (scratch.chk(VALUE));
SELECT ssn::scratch.d FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- The operator of a sub-select runs for each of its rows.
CREATE FUNCTION scratch.shout(x text, y text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.shout);
SELECT 'x' OPERATOR(scratch.@@@) ANY (SELECT 'y');

-- refused 42501, as dba, scratch
-- It takes elements of the array, not the array.
CREATE TYPE scratch.mood AS ENUM ('glad');
CREATE FUNCTION scratch.shout(x scratch.mood, y scratch.mood) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.@@@ (LEFTARG = scratch.mood, RIGHTARG = scratch.mood, FUNCTION = scratch.shout);
SELECT 'glad'::scratch.mood OPERATOR(scratch.@@@) ANY (ARRAY['glad'::scratch.mood]);

-- refused 42501, as dba, scratch
-- BETWEEN has two operators.
CREATE FUNCTION scratch.yes(x point, y point) RETURNS boolean LANGUAGE sql AS 'SELECT true';
CREATE FUNCTION scratch.shout(x point, y point) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.>= (LEFTARG = point, RIGHTARG = point, FUNCTION = scratch.yes);
CREATE OPERATOR scratch.<= (LEFTARG = point, RIGHTARG = point, FUNCTION = scratch.shout);
SET search_path = scratch, public;
SELECT point '(1,1)' BETWEEN point '(0,0)' AND point '(2,2)';

-- refused 42501, as dba, scratch
-- USING and IN have one that is not written.
CREATE FUNCTION scratch.shout(x point, y point) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.= (LEFTARG = point, RIGHTARG = point, FUNCTION = scratch.shout);
SET search_path = scratch, public;
SELECT 1 FROM (SELECT point '(1,1)' AS a) x JOIN (SELECT point '(1,1)' AS a) y USING (a);

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.shout(x point, y point) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.= (LEFTARG = point, RIGHTARG = point, FUNCTION = scratch.shout);
SET search_path = scratch, public;
SELECT point '(1,1)' IN (SELECT point '(1,1)');

-- refused 42501, as dba, scratch
-- A cast to a domain goes by the cast to its base.
CREATE TYPE scratch.box AS (v text);
CREATE DOMAIN scratch.crate AS scratch.box;
CREATE FUNCTION scratch.pack(x point) RETURNS scratch.box LANGUAGE plpgsql AS 'DECLARE b scratch.box; BEGIN b.v := (SELECT ssn FROM public.patients WHERE id = 7); RETURN b; END';
CREATE CAST (point AS scratch.box) WITH FUNCTION scratch.pack(point);
SELECT point '(1,1)'::scratch.crate;

-- refused 42501, as dba, scratch
-- A cast of an array casts its elements.
CREATE TYPE scratch.box AS (v text);
CREATE FUNCTION scratch.pack(x point) RETURNS scratch.box LANGUAGE plpgsql AS 'DECLARE b scratch.box; BEGIN b.v := (SELECT ssn FROM public.patients WHERE id = 7); RETURN b; END';
CREATE CAST (point AS scratch.box) WITH FUNCTION scratch.pack(point);
SELECT ARRAY[point '(1,1)']::scratch.box[];

-- refused 42501, as dba, scratch
-- A cast of a row casts its fields.
CREATE TYPE scratch.box AS (v text);
CREATE TYPE scratch.shelf AS (a scratch.box);
CREATE FUNCTION scratch.pack(x point) RETURNS scratch.box LANGUAGE plpgsql AS 'DECLARE b scratch.box; BEGIN b.v := (SELECT ssn FROM public.patients WHERE id = 7); RETURN b; END';
CREATE CAST (point AS scratch.box) WITH FUNCTION scratch.pack(point);
SELECT ROW(point '(1,1)')::scratch.shelf;

-- masked, as dba, scratch
-- A strict function is NULL for a NULL, whatever its body makes of the argument.
CREATE FUNCTION scratch.second(a text, b text) RETURNS text LANGUAGE sql STRICT IMMUTABLE AS 'SELECT b';
SELECT id, scratch.second(nullif(ssn::text, '{ssn}'), 'x') FROM patients ORDER BY id;

-- masked, as dba, scratch
CREATE TYPE scratch.pair AS (a text, b text);
CREATE FUNCTION scratch.second(a text) RETURNS scratch.pair LANGUAGE sql STRICT IMMUTABLE AS 'SELECT ROW(''x'', ''y'')::scratch.pair';
SELECT id, (scratch.second(nullif(ssn::text, '{ssn}'))).b FROM patients ORDER BY id;

-- masked, as dba, scratch
-- A function in a view changes what names mean from then on.
CREATE TABLE scratch.patients (id int, ssn text);
CREATE VIEW scratch.turn AS SELECT set_config('search_path', 'public', false) AS a;
SET search_path = scratch;
SELECT a FROM scratch.turn;
SELECT ssn || '' FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- What an operator gives is what its function gives, whatever stands beside it.
CREATE FUNCTION scratch.peek(a text, b text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE OPERATOR scratch.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.peek);
SELECT 'x' OPERATOR(scratch.@@@) 'y';

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.peek(a text, b text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE OPERATOR scratch.@@@ (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.peek);
SELECT id FROM departments WHERE ('x' OPERATOR(scratch.@@@) 'y') < '5';

-- refused 42501, as dba, scratch
-- It may be one of the server's, which runs a text as SQL.
CREATE OPERATOR scratch.@@@ (LEFTARG = tsquery, RIGHTARG = text, FUNCTION = ts_rewrite);
SELECT 'a'::tsquery OPERATOR(scratch.@@@) $$SELECT 'a'::tsquery, ssn::text::tsquery FROM public.patients WHERE id = 7$$;

-- refused 42501, as dba, scratch
-- It fails for a zero, which a comparison would not.
CREATE OPERATOR scratch.= (LEFTARG = int, RIGHTARG = int, FUNCTION = int4div);
SELECT 1 OPERATOR(scratch.=) (ascii(ssn::text) - 57) FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
CREATE TYPE scratch.box AS (v text);
CREATE FUNCTION scratch.pack(x point) RETURNS scratch.box LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE CAST (point AS scratch.box) WITH FUNCTION scratch.pack(point);
SELECT (point '(1,1)'::scratch.box).v;

-- refused 42501, as dba, scratch
CREATE TYPE scratch.box AS (v int);
CREATE FUNCTION scratch.show(x scratch.box) RETURNS text LANGUAGE sql AS 'SELECT (1 / (x.v - 57))::text';
CREATE CAST (scratch.box AS text) WITH FUNCTION scratch.show(scratch.box);
SELECT ROW(ascii(ssn::text))::scratch.box::text IS NULL FROM patients WHERE id = 7;

-- refused 42501, as dba, scratch
-- Under this setting a backslash escapes the quote, and the text after it is no text.
CREATE FUNCTION scratch.peek() RETURNS text LANGUAGE sql SET standard_conforming_strings = off AS $$ SELECT '\' || ' || (SELECT ssn::text FROM public.patients WHERE id = 7) -- ' $$;
SELECT scratch.peek();

-- masked, as dba, scratch
-- A body in quotes is read with the names of the session, in a view as well.
CREATE FUNCTION scratch.lower(x text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql AS 'SELECT lower(''X'')';
CREATE VIEW scratch.turn AS SELECT scratch.small() AS a;
SELECT a FROM scratch.turn;
SET search_path = scratch, pg_catalog;
SELECT a FROM scratch.turn;

-- masked, as dba, scratch
CREATE FUNCTION scratch.lower(x text) RETURNS text LANGUAGE sql AS 'SELECT ssn::text FROM public.patients WHERE id = 7';
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql AS 'SELECT lower(''X'')';
CREATE FUNCTION scratch.around() RETURNS text LANGUAGE sql RETURN scratch.small();
SET search_path = scratch, pg_catalog;
SELECT scratch.around();

-- refused 42501, as dba, scratch
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql AS 'SELECT relname::text FROM pg_class LIMIT 1';
CREATE VIEW scratch.turn AS SELECT scratch.small() AS a;
CREATE TEMP TABLE pg_class AS SELECT ssn AS relname FROM patients WHERE id = 7;
SELECT a FROM scratch.turn;

-- refused 42501, as dba, scratch
-- And it is read when it is called, after what changes the names.
CREATE TABLE scratch.patients (id int, ssn text);
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ssn || '''' FROM patients WHERE id = 7';
SET search_path = scratch;
SELECT set_config('search_path', 'public', false), scratch.small();

-- refused 42501, as dba, scratch
CREATE TABLE scratch.patients (id int, ssn text);
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT ssn || '''' FROM patients WHERE id = 7';
CREATE FUNCTION scratch.around() RETURNS text LANGUAGE sql VOLATILE AS 'SELECT set_config(''search_path'', ''public'', false); SELECT scratch.small()';
SET search_path = scratch;
SELECT scratch.around();

-- masked, as dba, scratch
-- Commas in the name of a schema.
CREATE TABLE scratch.patients (id int, ssn text);
CREATE FUNCTION scratch.small() RETURNS text LANGUAGE sql VOLATILE SET search_path = "x,scratch,y", public AS 'SELECT ssn || '''' FROM patients WHERE id = 7';
SELECT scratch.small();

-- refused 42501, as dba, scratch
-- The planner puts the negator in the place of NOT and an operator.
CREATE FUNCTION scratch.no(x text, y text) RETURNS boolean LANGUAGE sql AS 'SELECT 1; SELECT false';
CREATE FUNCTION scratch.shout(x text, y text) RETURNS boolean LANGUAGE plpgsql AS 'BEGIN RAISE NOTICE ''%'', (SELECT ssn FROM public.patients WHERE id = 7); RETURN true; END';
CREATE OPERATOR scratch.### (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.shout);
CREATE OPERATOR scratch.## (LEFTARG = text, RIGHTARG = text, FUNCTION = scratch.no, NEGATOR = OPERATOR(scratch.###));
SELECT NOT (name OPERATOR(scratch.##) 'y') FROM departments;
