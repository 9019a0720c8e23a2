"""asyncpg: always extended and binary, prepared statements, cursors, COPY with its own encoders."""

import asyncio
import io
import os
import ssl

import asyncpg

from steps import PART, digest, emit, failing, setup, sql


async def connect():
    context = ssl.create_default_context(cafile=os.environ["PGSSLROOTCERT"])
    return await asyncpg.connect(ssl=context)


async def step(name, work):
    try:
        value = await work
    except asyncpg.PostgresError as error:
        value = {"failed": error.sqlstate}
    emit(name, value)


def dicts(records):
    return [dict(record) for record in records]


async def code(work):
    try:
        return await work
    except asyncpg.PostgresError as error:
        return error.sqlstate


async def everything(client):
    async def prepared():
        statement = await client.prepare("SELECT id, name, price, made, tags, raw FROM scratch.items WHERE id = $1")
        attributes = [[a.name, a.type.name] for a in statement.get_attributes()]
        return [attributes, [dict(await statement.fetchrow(id)) for id in range(1, 6)]]

    async def batch():
        transaction = client.transaction()
        await transaction.start()
        await client.executemany("INSERT INTO scratch.items (id, name) VALUES ($1, $2)", [(8000 + i, f"many {i}") for i in range(500)])
        found = await client.fetchval("SELECT count(*) FROM scratch.items WHERE id >= 8000")
        failed = await code(client.executemany("INSERT INTO scratch.items (id, name) VALUES ($1, $2)", [(1, "again"), (8600, "b")]))
        await transaction.rollback()
        return [found, failed, await client.fetchval("SELECT count(*) FROM scratch.items")]

    async def transactions():
        seen = []
        try:
            async with client.transaction(isolation="repeatable_read"):
                await client.execute("DELETE FROM scratch.items WHERE id > 900")
                try:
                    async with client.transaction():
                        await client.execute("DELETE FROM scratch.items WHERE id > 1")
                        await client.fetch("SELECT 1/0")
                except asyncpg.DivisionByZeroError as error:
                    seen.append(error.message)
                seen.append(await client.fetchval("SELECT count(*) FROM scratch.items"))
                raise KeyError
        except KeyError:
            return seen + [await client.fetchval("SELECT count(*) FROM scratch.items")]

    async def cursor():
        async with client.transaction():
            found = [record["id"] async for record in client.cursor("SELECT id FROM scratch.items ORDER BY id LIMIT 25", prefetch=10)]
            walker = await client.cursor("SELECT id, name FROM scratch.items ORDER BY id")
            return [found, dicts(await walker.fetch(3)), await walker.forward(5), dict(await walker.fetchrow())]

    async def copy_in():
        async with client.transaction():
            records = [(5000 + i, f"record {i}", b"\0\xff", None) for i in range(3000)]
            one = await client.copy_records_to_table("items", schema_name="scratch", columns=["id", "name", "raw", "tags"], records=records)
            two = await client.copy_to_table("items", schema_name="scratch", columns=["id", "name"], source=io.BytesIO(b"9500,\"a,b\"\n"), format="csv")
            found = dicts(await client.fetch("SELECT id, name, raw FROM scratch.items WHERE id IN (5000, 7999, 9500) ORDER BY id"))
            gone = await client.execute("DELETE FROM scratch.items WHERE id >= 5000")
            return [one, two, found, gone]

    async def copy_out(format):
        into = io.BytesIO()
        status = await client.copy_from_query("SELECT * FROM scratch.items WHERE id < $1 ORDER BY id", 500, output=into, format=format)
        return [status, digest(into.getvalue())]

    async def large():
        value = "0123456789abcdef☃" * 200_000
        row = await client.fetchrow("SELECT $1::text AS value, $2::bytea AS bytes", value, bytes(range(256)) * 4000)
        return [digest(row["value"]), digest(row["bytes"])]

    async def many():
        return digest(repr(await client.fetch("SELECT i, repeat('x', 20) AS x FROM generate_series(1, 50000) AS i")))

    async def notices():
        heard = []
        client.add_log_listener(lambda _, message: heard.append([message.severity, message.sqlstate, message.message]))
        await client.execute("DROP TABLE IF EXISTS scratch.never_was")
        await asyncio.sleep(0.05)
        return heard

    async def notify():
        heard = asyncio.get_running_loop().create_future()
        await client.add_listener("conformance_async", lambda _c, _p, channel, payload: heard.set_result([channel, payload]))
        await client.execute("NOTIFY conformance_async, 'hello'")
        result = await asyncio.wait_for(heard, 10)
        await client.execute("UNLISTEN *")
        return result

    async def cancel():
        work = asyncio.create_task(client.fetch("SELECT count(*) FROM generate_series(1, 100000000000)"))
        await asyncio.sleep(0.3)
        work.cancel()
        try:
            await work
        except asyncio.CancelledError:
            return ["cancelled", await client.fetchval("SELECT 'usable'")]

    async def timeout():
        try:
            await client.fetch("SELECT count(*) FROM generate_series(1, 100000000000)", timeout=0.3)
        except asyncio.TimeoutError:
            return ["timed out", await client.fetchval("SELECT 'usable'")]

    for i, statement in enumerate(setup()):
        await step(f"setup {i}", client.execute(statement))
    await step("types", fetched(client, sql("types")))
    await step("parameters", fetched(client, "SELECT $1::int + $2::int AS sum, $3::text AS text, $4::text[] AS list, $5::numeric AS number", 1, 2, "'; --", ["a", None], 1.5))
    await step("prepared", prepared())
    await step("batch", batch())
    await step("transactions", transactions())
    for name, statement in failing():
        await step(f"error: {name}", client.execute(statement))
        await step(f"error in extended: {name}", client.fetch(statement))
    await step("cursor", cursor())
    await step("copy in", copy_in())
    for format in ("text", "csv", "binary"):
        await step(f"copy out as {format}", copy_out(format))
    await step("large values", large())
    await step("many rows", many())
    await step("notices", notices())
    await step("notify", notify())
    await step("cancel", cancel())
    await step("timeout", timeout())
    await step("introspection", fetched(client, "SELECT ROW(1, 'a')::text AS one, '[1,5)'::int4range AS two"))
    await step("teardown", client.execute(sql("teardown")))


async def fetched(client, query, *parameters):
    return dicts(await client.fetch(query, *parameters))


async def phi(client):
    async def cursor():
        async with client.transaction():
            return [dict(record) async for record in client.cursor(sql("patients"), prefetch=4)]

    async def copied():
        into = io.BytesIO()
        await client.copy_from_query(sql("patients"), output=into)
        return into.getvalue().decode()

    async def echo():
        try:
            await client.fetch("SELECT full_name::int FROM public.patients WHERE id = 1")
        except asyncpg.PostgresError as error:
            return error.message

    await step("phi binary", fetched(client, sql("patients")))
    await step("phi prepared", fetched(client, sql("patients").replace("25", "$1"), 25))
    await step("phi cursor", cursor())
    await step("derived", fetched(client, sql("derived")))
    await step("copied patients", copied())
    await step("counted", fetched(client, "SELECT count(*) AS n, count(email) AS emails FROM public.patients"))
    await step("echo", echo())
    await step("bisected", fetched(client, "SELECT id FROM public.patients WHERE ssn LIKE $1 ORDER BY id LIMIT 3", "9%"))


async def main():
    client = await connect()
    if PART == "all":
        await everything(client)
    await phi(client)
    await client.close()


asyncio.run(main())
