// Statements of the gateway's own beside the client's: a real PostgreSQL answers the same conversations directly and through a gateway that
// runs something before and after each write. What the client hears has to be the same, byte for byte.
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Ask, Companion, SideAnswer, SideFailure } from "#proxy/protocol.ts";
import { Refusal } from "#shared/errors.ts";
import { type FakeGateway, fakeGateway } from "#test/support/fake-gateway.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { RawClient } from "#test/support/raw-client.ts";

const BEFORE = "SELECT id, name FROM t ORDER BY id FOR UPDATE";
const AFTER = "SELECT id, name FROM t ORDER BY id";

let server: TestPostgres;
let gateway: FakeGateway;
let admin: pg.Client;
/** What the companions were answered, and told. */
let heard: { before: unknown; after: unknown; sqlstate: string; left: string }[];
let beforeText: string;
let refusal: Refusal | null;

function companion(command: string): Companion {
  const entry = { before: null as unknown, after: null as unknown, sqlstate: "", left: "" };
  const ask = async (run: Ask, text: string) => rowsOf(await run({ text, bound: null, most: 0 }));
  return {
    texts: [BEFORE, AFTER],
    text: command,
    async before(run) {
      heard.push(entry);
      entry.before = await ask(run, beforeText);
      return refusal;
    },
    async after(run, { sqlstate }) {
      entry.sqlstate = sqlstate;
      entry.after = sqlstate === "" ? await ask(run, AFTER) : null;
    },
    left(why) {
      heard.push(entry);
      entry.left = why;
    },
  };
}

function rowsOf(answer: SideAnswer | SideFailure): unknown {
  return "sqlstate" in answer ? answer.sqlstate : answer.rows.length;
}

beforeAll(async () => {
  server = await startPostgres();
  gateway = await fakeGateway(server, (session) => {
    session.masks = "none";
    session.companion = ({ text }) => (/^\s*(insert|update|delete)/i.test(text) ? companion(text) : null);
  });
  admin = new pg.Client({
    host: server.host,
    port: server.port,
    user: server.user,
    database: server.database,
    password: server.password,
  });
  await admin.connect();
  await admin.query(`
    CREATE TABLE t (id int PRIMARY KEY, name text NOT NULL, n int CHECK (n < 1000), other int UNIQUE DEFERRABLE INITIALLY DEFERRED);
    CREATE FUNCTION shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE NOTICE 'row % of %', NEW.id, TG_OP; IF NEW.n = 42 THEN NOTIFY told; END IF; IF NEW.n = 666 THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$;
    CREATE TRIGGER shouting BEFORE INSERT OR UPDATE ON t FOR EACH ROW EXECUTE FUNCTION shout();
    CREATE FUNCTION later() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      RAISE NOTICE 'at the end: %', NEW.id; RETURN NULL; END $$;
    CREATE CONSTRAINT TRIGGER at_commit AFTER UPDATE ON t DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION later();`);
}, 60_000);

afterAll(async () => {
  gateway?.stop();
  await admin?.end();
  await server?.stop();
});

beforeEach(async () => {
  heard = [];
  beforeText = BEFORE;
  refusal = null;
  await reset();
});

const reset = () =>
  admin.query("TRUNCATE t; INSERT INTO t SELECT i, 'n' || i, i, i FROM generate_series(1, 5) i; ANALYZE t");

/** Steps of a conversation: messages, up to and with the last ReadyForQuery that they ask for. */
type Step = { readonly bytes: Buffer; readonly readies: number };
const q = (text: string): Step => ({ bytes: f.query(text), readies: 1 });
const x = (...bytes: Buffer[]): Step => ({ bytes: Buffer.concat([...bytes, f.sync]), readies: 1 });

async function converse(port: number, steps: readonly Step[]): Promise<string[]> {
  const client = await RawClient.connect(port, server.user, server.password);
  const said: string[] = [];
  try {
    for (const { bytes, readies } of steps) {
      client.send(bytes);
      for (let i = 0; i < readies; i++)
        for (const { type, body } of await client.read((m) => m.type === "Z"))
          said.push(`${type} ${printable(type === "A" ? body.subarray(4) : body)}`);
    }
  } finally {
    client.socket.destroy();
  }
  return said;
}

const printable = (body: Buffer) => JSON.stringify(body.toString("latin1")).replaceAll(/pid=\d+/g, "");

async function rows(): Promise<unknown> {
  return (await admin.query("SELECT id, name, n, other FROM t ORDER BY id")).rows;
}

const CONVERSATIONS: Readonly<Record<string, readonly Step[]>> = {
  "a simple update": [q("UPDATE t SET name = 'x' WHERE id < 3")],
  "simple writes one after the other": [
    q("UPDATE t SET name = 'x' WHERE id = 1"),
    q("DELETE FROM t WHERE id = 2"),
    q("INSERT INTO t VALUES (9, 'nine', 9, 9)"),
    q("SELECT count(*) FROM t"),
  ],
  "simple commands sent without waiting": [
    {
      bytes: Buffer.concat([f.query("UPDATE t SET n = 7"), f.query("SELECT sum(n) FROM t"), f.query("DELETE FROM t")]),
      readies: 3,
    },
  ],
  RETURNING: [q("UPDATE t SET name = name || '!' WHERE id > 3 RETURNING id, name")],
  "an error in the command": [
    q("UPDATE t SET n = 5000 WHERE id = 1"),
    q("SELECT 1"),
    q("UPDATE t SET n = 5 WHERE id = 1"),
  ],
  "an error of a trigger": [q("UPDATE t SET n = 666 WHERE id = 1"), q("SELECT 1")],
  "an error halfway through RETURNING": [q("UPDATE t SET n = 10 / (4 - id) RETURNING id"), q("SELECT 1")],
  "a duplicate key": [q("INSERT INTO t VALUES (1, 'one', 1, 100)"), q("SELECT count(*) FROM t")],
  "a constraint that is checked at the end": [
    q("UPDATE t SET other = 1 WHERE id = 2"),
    q("SELECT other FROM t WHERE id = 2"),
  ],
  "a constraint at the end, with RETURNING": [q("UPDATE t SET other = 1 WHERE id = 2 RETURNING id")],
  "a constraint at the end, extended": [x(f.run("UPDATE t SET other = 1 WHERE id = 2")), q("SELECT 1")],
  "in a block": [
    q("BEGIN"),
    q("UPDATE t SET name = 'x'"),
    q("SAVEPOINT s"),
    q("DELETE FROM t"),
    q("ROLLBACK TO s"),
    q("COMMIT"),
    q("SELECT name FROM t"),
  ],
  "an error in a block": [
    q("BEGIN"),
    q("UPDATE t SET n = 5000"),
    q("UPDATE t SET n = 5"),
    q("COMMIT"),
    q("SELECT n FROM t"),
  ],
  "an error in a block, and back to a savepoint": [
    q("BEGIN"),
    q("SAVEPOINT s"),
    q("UPDATE t SET n = 5000"),
    q("ROLLBACK TO s"),
    q("UPDATE t SET n = 5 WHERE id = 1"),
    q("COMMIT"),
  ],
  "a read-only block": [q("BEGIN READ ONLY"), q("SELECT 1"), q("ROLLBACK")],
  "a notification of its own": [
    q("LISTEN told"),
    q("UPDATE t SET n = 42 WHERE id = 1"),
    x(f.run("UPDATE t SET n = 42 WHERE id = 1")),
  ],
  extended: [x(f.run("UPDATE t SET name = 'x' WHERE id < 3"))],
  "extended, in a pipeline": [
    x(
      f.run("UPDATE t SET n = 7 WHERE id = 1"),
      f.run("SELECT n FROM t WHERE id = 1"),
      f.run("DELETE FROM t WHERE id = 1"),
      f.run("SELECT count(*) FROM t"),
    ),
  ],
  "an error in a pipeline": [
    x(
      f.run("UPDATE t SET n = 7 WHERE id = 1"),
      f.run("UPDATE t SET n = 5000 WHERE id = 2"),
      f.run("DELETE FROM t WHERE id = 1"),
    ),
    q("SELECT n FROM t WHERE id = 1"),
  ],
  "extended in a block": [
    q("BEGIN"),
    x(f.run("UPDATE t SET n = 7 WHERE id = 1")),
    x(f.run("UPDATE t SET n = 5000 WHERE id = 2")),
    x(f.run("UPDATE t SET n = 7 WHERE id = 1")),
    q("ROLLBACK"),
  ],
  "a block in a pipeline": [
    x(f.run("BEGIN"), f.run("DELETE FROM t WHERE id = 1"), f.run("COMMIT"), f.run("SELECT count(*) FROM t")),
  ],
  "several groups at once": [
    {
      bytes: Buffer.concat([
        f.run("DELETE FROM t WHERE id = 1"),
        f.sync,
        f.run("UPDATE t SET n = 8"),
        f.sync,
        f.run("SELECT n FROM t"),
        f.sync,
      ]),
      readies: 3,
    },
  ],
  "an empty update": [q("UPDATE t SET n = 1 WHERE false")],
  "a statement that does not parse at the target": [q("UPDATE t SET nowhere = 1"), q("SELECT 1")],
};

describe("what a client hears of statements beside its own", () => {
  for (const [name, steps] of Object.entries(CONVERSATIONS))
    it(`nothing: ${name}`, async () => {
      const direct = await converse(server.port, steps);
      const left = await rows();
      await reset();
      const through = await converse(gateway.port, steps);
      expect(through).toEqual(direct);
      expect(await rows()).toEqual(left);
    });

  it("they run when a command that had to wait is approved, and once", async () => {
    const waits = await fakeGateway(server, (session) => {
      session.masks = "none";
      session.approves = true;
      session.needsApproval = ({ text }) => text.startsWith("DELETE");
      session.companion = ({ text }) => (text.startsWith("DELETE") ? companion(text) : null);
    });
    try {
      const said = await converse(waits.port, [
        q("DELETE FROM t WHERE id = 1"),
        x(f.parse("p", "DELETE FROM t WHERE id = $1 RETURNING id")),
        x(f.bind("", "p", ["2"]), f.execute()),
      ]);
      expect(said.filter((line) => line.startsWith("E"))).toEqual([]);
    } finally {
      waits.stop();
    }
    expect(heard.map(({ before, after }) => [before, after])).toEqual([
      [5, 4],
      [4, 3],
    ]);
  });

  it("none runs when evidence cannot be written", async () => {
    const failing = await fakeGateway(server, (session) => {
      session.masks = "none";
      session.failPermits = ({ text }) => text.startsWith("DELETE");
      session.companion = ({ text }) => (text.startsWith("DELETE") ? companion(text) : null);
    });
    try {
      const said = await converse(failing.port, [
        q("DELETE FROM t"),
        x(f.parse("", "SELECT 1"), f.run("DELETE FROM t")),
      ]);
      expect(said.filter((line) => line.startsWith("E")).join()).toMatch(/53100.*53100/);
    } finally {
      failing.stop();
    }
    expect(heard).toEqual([]);
    expect(await rows()).toHaveLength(5);
  });

  it("they ran, in the command's transaction", async () => {
    await converse(gateway.port, [q("DELETE FROM t WHERE id = 1"), x(f.run("DELETE FROM t WHERE id = 2"))]);
    expect(heard).toEqual([
      { before: 5, after: 4, sqlstate: "", left: "" },
      { before: 4, after: 3, sqlstate: "", left: "" },
    ]);
  });

  it("a command in a failed transaction runs alone", async () => {
    await converse(gateway.port, [q("BEGIN"), q("SELECT 1/0"), q("DELETE FROM t"), q("ROLLBACK")]);
    expect(heard).toEqual([{ before: null, after: null, sqlstate: "", left: "the transaction had failed" }]);
  });

  it("the error of one takes the place of the command, which does not run", async () => {
    beforeText = "SELECT 1/0";
    for (const steps of [
      [q("DELETE FROM t"), q("SELECT 1")],
      [x(f.run("DELETE FROM t")), q("SELECT 1")],
    ]) {
      const said = await converse(gateway.port, steps);
      expect(said.filter((line) => line.startsWith("E"))).toHaveLength(1);
      expect(said.find((line) => line.startsWith("E"))).toMatch(/22012/);
      expect(said.filter((line) => line.startsWith("Z"))).toEqual(['Z "I"', 'Z "I"']);
      expect(await rows()).toHaveLength(5);
    }
    const inBlock = await converse(gateway.port, [q("BEGIN"), q("DELETE FROM t"), q("COMMIT")]);
    expect(inBlock.filter((line) => line.startsWith("Z"))).toEqual(['Z "T"', 'Z "E"', 'Z "I"']);
    expect(heard.map((entry) => entry.before)).toEqual(["22012", "22012", "22012"]);
  });

  it("a refusal behind them leaves the transaction as it was", async () => {
    refusal = new Refusal("policy-denied");
    const said = await converse(gateway.port, [
      q("BEGIN"),
      q("DELETE FROM t"),
      x(f.run("SELECT 1"), f.run("DELETE FROM t")),
      q("COMMIT"),
      q("DELETE FROM t"),
      x(f.run("DELETE FROM t")),
      q("SELECT 1"),
    ]);
    expect(said.filter((line) => line.startsWith("E"))).toHaveLength(4);
    expect(said.filter((line) => line.startsWith("Z")).join()).toBe(
      ["T", "T", "T", "I", "I", "I", "I"].map((status) => `Z "${status}"`).join(),
    );
    expect(await rows()).toHaveLength(5);
  });

  it("one that is cancelled is the command that was cancelled", async () => {
    await admin.query("BEGIN");
    await admin.query("UPDATE t SET n = 0 WHERE id = 3");
    const client = new pg.Client({
      host: "127.0.0.1",
      port: gateway.port,
      user: server.user,
      database: "postgres",
      password: "t",
    });
    await client.connect();
    try {
      const waiting = client.query("DELETE FROM t");
      const cancelled = expect(waiting).rejects.toMatchObject({ code: "57014" });
      await new Promise((resolve) => setTimeout(resolve, 200));
      await admin.query("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
      await cancelled;
      expect((await client.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
    } finally {
      await admin.query("ROLLBACK");
      await client.end();
    }
    expect(heard.map((entry) => entry.before)).toEqual(["57014"]);
  });
});
