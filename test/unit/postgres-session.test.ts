// The session after login, end to end: a real PostgreSQL, real drivers, a fake session.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeGateway, fakeGateway } from "#test/support/fake-gateway.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";

let server: TestPostgres;
let gateway: FakeGateway;

beforeAll(async () => {
  server = await startPostgres();
  gateway = await fakeGateway(server);
  await use(async (client) => {
    await client.query("create table patients (id int primary key, name text, ssn text)");
    await client.query("insert into patients select i, 'n' || i, '000-00-' || i from generate_series(1, 100) i");
  });
});
afterAll(async () => {
  gateway?.stop();
  await server?.stop();
});

async function use<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({
    host: "127.0.0.1",
    port: gateway.port,
    user: "engineer",
    database: "postgres",
    password: "t",
  });
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

describe("a session through the gateway", () => {
  it("masks in the simple and in the extended protocol", () =>
    use(async (client) => {
      const simple = await client.query("select id, ssn from patients where id < 3 order by id");
      expect(simple.rows).toEqual([
        { id: 1, ssn: "***" },
        { id: 2, ssn: "***" },
      ]);
      const extended = await client.query("select name, ssn from patients where id = $1", [7]);
      expect(extended.rows).toEqual([{ name: "n7", ssn: "***" }]);
      const named = { name: "by-id", text: "select ssn from patients where id = $1", values: [8] };
      expect((await client.query(named)).rows).toEqual([{ ssn: "***" }]);
      expect((await client.query(named)).rows).toEqual([{ ssn: "***" }]);
    }));

  it("stays usable after refusals and errors", () =>
    use(async (client) => {
      await expect(client.query("select forbidden")).rejects.toMatchObject({ code: "42501" });
      await expect(client.query("select forbidden, $1::int", [1])).rejects.toMatchObject({ code: "42501" });
      await expect(client.query("select 1/0")).rejects.toMatchObject({ code: "22012" });
      expect((await client.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
    }));

  it("leaves an open transaction open after a refusal", () =>
    use(async (client) => {
      await client.query("begin");
      await client.query("insert into patients values (1000, 'x', 'y')");
      await expect(client.query("select forbidden")).rejects.toMatchObject({ code: "42501" });
      await expect(client.query("select forbidden, $1::int", [1])).rejects.toMatchObject({ code: "42501" });
      await client.query("commit");
      expect((await client.query("select id from patients where id = 1000")).rowCount).toBe(1);
    }));
});
