"""psycopg 3: text and binary results, server-side cursors, pipeline mode, COPY."""

import threading

import psycopg
from psycopg.rows import dict_row

from steps import PART, digest, emit, failing, setup, sql


def connect(**more):
    # libpq reads its own environment variables.
    return psycopg.connect("", autocommit=True, row_factory=dict_row, **more)


client = connect()


def step(name):
    def run(function):
        try:
            value = function()
        except psycopg.Error as error:
            value = {"failed": error.sqlstate or str(error)}
        emit(name, value)
        return function

    return run


def rows(query, parameters=None, **more):
    return client.execute(query, parameters, **more).fetchall()


def code(query, parameters=None):
    try:
        return client.execute(query, parameters).statusmessage
    except psycopg.Error as error:
        return error.sqlstate


def everything():
    @step("setup")
    def _():
        return [client.execute(statement).statusmessage for statement in setup()]

    @step("types simple")
    def _():
        return psycopg.ClientCursor(client).execute(sql("types")).fetchall()

    @step("types extended")
    def _():
        return rows(sql("types"))

    @step("types binary")
    def _():
        return rows(sql("types"), binary=True)

    @step("types prepared")
    def _():
        return [rows(sql("types"), prepare=True, binary=binary) for binary in (False, True)]

    @step("describe")
    def _():
        cursor = client.execute("SELECT id, name AS n, price * 2 AS p FROM scratch.items LIMIT 0")
        return [[column.name, column.type_code, column.precision] for column in cursor.description]

    @step("parameters")
    def _():
        return rows("SELECT %s::int + %s::int AS sum, %s AS text, %b::bytea AS bytes, %s::text[] AS list", [1, 2, "'; --", b"\0\xff", ["a", None]])

    @step("prepared")
    def _():
        return [rows("SELECT * FROM scratch.items WHERE id = %s", [id], prepare=True) for id in range(1, 8)]

    @step("batch")
    def _():
        with client.transaction(force_rollback=True):
            cursor = client.cursor()
            cursor.executemany("INSERT INTO scratch.items (id, name) VALUES (%s, %s) RETURNING id", [(8000 + i, f"many {i}") for i in range(100)], returning=True)
            found = [cursor.fetchone()]
            while cursor.nextset():
                found.append(cursor.fetchone())
            return found

    @step("pipeline")
    def _():
        with client.pipeline() as pipeline:
            cursors = [client.execute("SELECT %s::int * 2 AS twice", [i]) for i in range(50)]
            pipeline.sync()
            more = client.execute("SELECT 'after' AS word")
            return [cursor.fetchall() for cursor in [*cursors, more]]

    @step("pipeline with an error")
    def _():
        seen, cursors = [], []
        try:
            with client.pipeline():
                # The error may be heard before the last one is sent.
                for by in (5, 0, 2):
                    cursors.append(client.execute("SELECT 10 / %s::int AS part", [by]))
        except psycopg.Error as error:
            seen.append(error.sqlstate)
        return seen + [cursors[0].fetchall(), client.info.transaction_status.name, code("SELECT 1")]

    @step("transactions")
    def _():
        seen = []
        with client.transaction() as outer:
            client.execute("DELETE FROM scratch.items WHERE id > 900")
            try:
                with client.transaction():
                    client.execute("DELETE FROM scratch.items")
                    seen.append(rows("SELECT count(*) AS n FROM scratch.items"))
                    client.execute("SELECT 1/0")
            except psycopg.errors.DivisionByZero as error:
                seen.append(error.diag.message_primary)
            seen.append(rows("SELECT count(*) AS n FROM scratch.items"))
            raise psycopg.Rollback(outer)
        return seen + rows("SELECT count(*) AS n FROM scratch.items")

    @step("transaction after an error")
    def _():
        seen = []
        for statement in ("BEGIN", "SELECT 1/0", "SELECT 1", "COMMIT", "SELECT 1"):
            seen.append([code(statement), client.info.transaction_status.name])
        return seen

    for name, statement in failing():
        step(f"error: {name}")(lambda: psycopg.ClientCursor(client).execute(statement))
        step(f"error in extended: {name}")(lambda: client.execute(statement, prepare=True))

    @step("error fields")
    def _():
        try:
            client.execute("INSERT INTO scratch.items (id, name) VALUES (1, 'again')")
        except psycopg.Error as error:
            diag = error.diag
            return [diag.severity, diag.sqlstate, diag.message_primary, diag.message_detail, diag.schema_name, diag.table_name, diag.constraint_name]

    @step("server-side cursor")
    def _():
        with client.transaction(), client.cursor("named", scrollable=True) as cursor:
            cursor.itersize = 7
            cursor.execute("SELECT id, name FROM scratch.items WHERE id <= %s ORDER BY id", [20])
            some = [cursor.fetchmany(3), cursor.fetchone()]
            cursor.scroll(-2)
            return some + [cursor.fetchall()]

    @step("binary server-side cursor")
    def _():
        with client.transaction(), client.cursor("binary_cursor", binary=True) as cursor:
            cursor.execute("SELECT id, price, made, raw FROM scratch.items ORDER BY id LIMIT 5")
            return cursor.fetchall()

    @step("copy in")
    def _():
        with client.transaction(force_rollback=True):
            cursor = client.cursor()
            with cursor.copy("COPY scratch.items (id, name, raw) FROM STDIN") as copy:
                for i in range(3000):
                    copy.write_row((5000 + i, f"copied \\ \t {i}", None))
            count = cursor.rowcount
            with cursor.copy("COPY scratch.items (id, name) FROM STDIN (FORMAT binary)") as copy:
                copy.set_types(["int4", "text"])
                copy.write_row((9000, "binary"))
            return [count, rows("SELECT id, name FROM scratch.items WHERE id IN (5000, 7999, 9000) ORDER BY id")]

    @step("copy in, given up")
    def _():
        class GivenUp(Exception):
            pass

        try:
            with client.cursor().copy("COPY scratch.items (id, name) FROM STDIN") as copy:
                copy.write_row((5000, "never"))
                raise GivenUp
        except GivenUp:
            return [client.info.transaction_status.name, rows("SELECT count(*) AS n FROM scratch.items")]

    for options in ("", "(FORMAT csv, HEADER, FORCE_QUOTE *)", "(FORMAT binary)", "(DELIMITER '|', NULL 'none')"):

        @step(f"copy out {options}")
        def _():
            with client.cursor().copy(f"COPY scratch.items TO STDOUT {options}") as copy:
                return digest(b"".join(copy))

    @step("copy rows")
    def _():
        with client.cursor().copy("COPY (SELECT id, name, tags FROM scratch.items ORDER BY id LIMIT 3) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(["int4", "text", "text[]"])
            return list(copy.rows())

    @step("large values")
    def _():
        value = "0123456789abcdef☃" * 200_000
        [row] = rows("SELECT %s::text AS value, %b::bytea AS bytes", [value, bytes(range(256)) * 4000])
        return [digest(row["value"]), digest(row["bytes"])]

    @step("many rows")
    def _():
        return digest(repr(rows("SELECT i, repeat('x', 20) AS x FROM generate_series(1, 50000) AS i", binary=True)))

    @step("one row at a time")
    def _():
        return digest(repr(list(client.cursor().stream("SELECT i FROM generate_series(1, 5000) AS i"))))

    @step("notices")
    def _():
        heard = []
        client.add_notice_handler(lambda diag: heard.append([diag.severity, diag.sqlstate, diag.message_primary]))
        client.execute("DROP TABLE IF EXISTS scratch.never_was")
        return heard

    @step("notify")
    def _():
        client.execute("LISTEN conformance_py")
        client.execute("NOTIFY conformance_py, 'hello'")
        heard = [[notify.channel, notify.payload] for notify in client.notifies(timeout=10, stop_after=1)]
        client.execute("UNLISTEN *")
        return heard

    @step("cancel")
    def _():
        threading.Timer(0.3, client.cancel_safe).start()
        return [code("SELECT count(*) FROM generate_series(1, 100000000000)"), code("SELECT 1")]

    @step("teardown")
    def _():
        return client.execute(sql("teardown")).statusmessage


def phi():
    @step("phi simple")
    def _():
        return psycopg.ClientCursor(client, row_factory=dict_row).execute(sql("patients")).fetchall()

    @step("phi extended")
    def _():
        return rows(sql("patients"))

    @step("phi binary")
    def _():
        return rows(sql("patients"), binary=True)

    @step("phi prepared")
    def _():
        return rows(sql("patients").replace("25", "%s"), [25], prepare=True, binary=True)

    @step("phi cursor")
    def _():
        with client.transaction(), client.cursor("patients") as cursor:
            cursor.itersize = 4
            return list(cursor.execute(sql("patients")))

    @step("phi binary cursor")
    def _():
        with client.transaction(), client.cursor("patients", binary=True) as cursor:
            return list(cursor.execute(sql("patients")))

    @step("phi pipeline")
    def _():
        with client.pipeline():
            first = client.execute(sql("patients"))
            client.execute("SELECT 1")
        return first.fetchall()

    for binary in (False, True):

        @step(f"derived {'binary' if binary else 'text'}")
        def _():
            return rows(sql("derived"), binary=binary)

    @step("copied patients")
    def _():
        with client.cursor().copy(f"COPY ({sql('patients')}) TO STDOUT") as copy:
            return b"".join(copy).decode()

    @step("copied patients as csv")
    def _():
        with client.cursor().copy(f"COPY ({sql('patients')}) TO STDOUT (FORMAT csv, HEADER)") as copy:
            return b"".join(copy).decode()

    @step("phi binary copy")
    def _():
        columns = "id, mrn, full_name, birth_date, birth_year, ssn, phone, email, portal_id, insurance, allergies, note, created_at"
        types = ["int4", "text", "text", "date", "int4", "text", "text", "text", "uuid", "jsonb", "text[]", "text", "timestamptz"]
        with client.cursor().copy(f"COPY ({sql('patients')}) TO STDOUT (FORMAT binary)") as copy:
            copy.set_types(types)
            return [dict(zip(columns.split(", "), row)) for row in copy.rows()]

    @step("counted")
    def _():
        return rows("SELECT count(*) AS n, count(email) AS emails FROM public.patients")

    @step("echo")
    def _():
        try:
            client.execute("SELECT full_name::int FROM public.patients WHERE id = 1")
        except psycopg.Error as error:
            return error.diag.message_primary

    @step("bisected")
    def _():
        return rows("SELECT id FROM public.patients WHERE ssn LIKE '9%%' AND id < %s ORDER BY id", [50])


if PART == "all":
    everything()
phi()
client.close()
