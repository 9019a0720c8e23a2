// The session after login, end to end: a real PostgreSQL, real drivers, a fake session.
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Refusal } from "#shared/errors.ts";
import { type FakeGateway, fakeGateway } from "#test/support/fake-gateway.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import type { FakeSession } from "#test/support/fake-session.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { RawClient } from "#test/support/raw-client.ts";

let server: TestPostgres;
let gateway: FakeGateway;

beforeAll(async () => {
  server = await startPostgres();
  gateway = await fakeGateway(server);
  await use(async (client) => {
    await client.query("create table patients (id int primary key, name text, ssn text)");
    await client.query("create function long(int) returns text language sql as $$ select repeat('x', $1) $$");
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

  it("ends the implicit transaction of a pipeline in which a command is refused", async () => {
    const client = await raw();
    client.send(f.run("insert into patients values (2000, 'x', 'y')"), f.run("select forbidden"), f.sync);
    const heard = await client.ready();
    expect(heard.map((m) => m.type).join("")).toBe("12nCEZ");
    client.send(f.query("select id from patients where id = 2000"));
    expect((await client.ready()).map((m) => m.type).join("")).toBe("TCZ");
    client.close();
  });

  it("is not talked into another statement's masks by a pipeline that fails on purpose", async () => {
    const client = await raw();
    client.send(
      Buffer.concat([
        ...[f.parse("", "select ssn from patients where id = 1"), f.sync],
        ...[f.bind("", "", ["one too many"]), f.parse("", "select name from patients where id = 1"), f.sync],
        ...[f.bind(), f.execute(), f.sync],
      ]),
    );
    const rows = (await client.ready(3)).filter((m) => m.type === "D");
    expect(rows.map((m) => m.body.subarray(6).toString())).toEqual(["***"]);
    client.close();
  });

  it("masks a portal in pieces, a cursor by FETCH, and one by Execute", async () => {
    const client = await raw();
    client.send(f.parse("", "select ssn from patients"), f.bind("p"), f.execute("p", 2), f.execute("p", 1), f.sync);
    client.send(f.query("begin"), f.query("declare c cursor for select ssn from patients"), f.query("fetch 2 from c"));
    client.send(f.execute("c", 1), f.sync, f.query("commit"));
    const heard = await client.ready(6);
    const rows = heard.filter((m) => m.type === "D").map((m) => m.body.subarray(6).toString());
    expect(rows).toEqual(["***", "***", "***", "***", "***", "***"]);
    client.close();
  });

  it("copies in and out, masked where it must be", async () => {
    const client = await raw();
    client.send(f.query("create table copied (id int, name text, ssn text)"));
    await client.ready();
    const rows = Array.from({ length: 20_000 }, (_, i) => `${i}\tn${i}\t${i}-00-0000\n`).join("");
    client.send(f.query("copy copied from stdin"), f.copyData(rows), f.copyDone);
    const copied = await client.ready();
    expect(copied.map((m) => m.type).join("")).toBe("GCZ");
    client.send(f.query("copy (select id, ssn from copied order by id) to stdout"));
    const out = (await client.ready()).filter((m) => m.type === "d");
    expect(out).toHaveLength(20_000);
    expect(out.every((m, i) => m.body.toString() === `${i}\t***\n`)).toBe(true);
    client.close();
  });

  it("sends the recording what it sends the client", async () => {
    const client = await raw();
    client.send(f.query("select ssn from patients"), f.query("nonsense"));
    const heard = await client.ready(2);
    const recorded = Buffer.concat(gateway.sessions.at(-1)?.sent ?? []);
    const bytes = heard.map(({ type, body }) => Buffer.concat([Buffer.from(type), size(body), body]));
    expect(recorded.equals(Buffer.concat(bytes))).toBe(true);
    client.close();
  });

  it("tells the client when the session has to end, or the target is lost", async () => {
    const revoked = await raw();
    gateway.sessions.at(-1)?.end(new Refusal("revoked"));
    expect((await revoked.read(() => false)).map((m) => m.body.toString())[0]).toContain("57P01");

    const lost = await raw();
    lost.send(f.query("select pg_terminate_backend(pg_backend_pid())"));
    const heard = (await lost.read(() => false)).map((m) => m.body.toString()).filter((body) => body.startsWith("S"));
    expect(heard).toHaveLength(1);
    expect(heard[0]).toContain("57P01");
  });

  it("of a client that just goes is over at the target too", async () => {
    const client = await raw();
    client.send(f.query("set application_name = 'goes away'"));
    await client.ready();
    client.close();
    const count = "select count(*)::int as n from pg_stat_activity where application_name = 'goes away'";
    await use(async (other) => {
      await expect.poll(async () => (await other.query(count)).rows[0].n).toBe(0);
    });
  });
});

describe("back-pressure", () => {
  it.each([
    ["rows", "select long(100000) as name from generate_series(1, 5000)"],
    ["masked rows", "select long(100000) as ssn from generate_series(1, 5000)"],
    ["COPY", "copy (select long(100000) as name from generate_series(1, 5000)) to stdout"],
  ])("holds 500 MB of %s back from a client that does not read", async (_, text) => {
    const client = await raw();
    client.socket.pause();
    const before = process.memoryUsage().rss;
    client.send(f.query(text));
    await new Promise((resolve) => setTimeout(resolve, 700));
    expect(process.memoryUsage().rss - before).toBeLessThan(250 * 1024 * 1024);
    client.socket.resume();
    expect((await client.read((m) => m.type === "D" || m.type === "d")).length).toBeGreaterThan(1);
    client.close();
  });

  it("holds the target back while evidence is behind, and goes on after", async () => {
    const client = await raw();
    const session = gateway.sessions.at(-1) as FakeSession;
    session.keepSent = false;
    let recorded = 0;
    session.output = (bytes) => {
      recorded += bytes.length;
      session.writable = recorded < 1_000_000 || recorded > 2_000_000;
    };
    client.send(f.query("select long(1000) as name from generate_series(1, 20000)"));
    await new Promise((resolve) => setTimeout(resolve, 300));
    expect(recorded).toBeLessThan(2_000_000);
    session.output = (bytes) => {
      recorded += bytes.length;
    };
    session.catchUp();
    expect((await client.ready()).filter((m) => m.type === "D")).toHaveLength(20_000);
    client.close();
  });
});

function raw(): Promise<RawClient> {
  return RawClient.connect(gateway.port, "engineer", "t");
}

function size(body: Buffer): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32BE(body.length + 4);
  return out;
}
