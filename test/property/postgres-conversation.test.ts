// The oracle is PostgreSQL: whatever a client says, pipelined and cut anywhere, it hears the same through the gateway as directly.
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type FakeGateway, fakeGateway } from "#test/support/fake-gateway.ts";
import { frontend as f } from "#test/support/fake-machine.ts";
import type { FakeSession } from "#test/support/fake-session.ts";
import { startPostgres, type TestPostgres } from "#test/support/postgres.ts";
import { RawClient, type RawMessage } from "#test/support/raw-client.ts";

const RUNS = 80;

let server: TestPostgres;
let gateway: FakeGateway;
let slow = false;
let held = false;

beforeAll(async () => {
  server = await startPostgres();
  gateway = await fakeGateway(server, (session: FakeSession) => {
    session.masks = "none";
    session.keepSent = false;
    session.slow = slow;
    session.needsApproval = ({ text }) => held && HELD.test(text);
    session.approves = true;
  });
  const setUp = await RawClient.connect(server.port, "postgres", "postgres");
  setUp.send(f.query("create table t (x int primary key)"));
  await setUp.ready();
  setUp.close();
});
afterAll(async () => {
  gateway?.stop();
  await server?.stop();
});

const PLAIN = [
  "select 1",
  "select x from t order by x",
  "insert into t values (1) returning x",
  "insert into t select max(x) + 1 from t having count(*) > 0",
  "select g from generate_series(1, 5) g",
  "select 1/0",
  "nonsense",
  "",
  "prepare p as select 7 as seven",
  "execute p",
  "deallocate p",
  "listen here",
  "notify here, 'payload'",
  "copy t to stdout",
  "create temp table tt (y int)",
  "set datestyle = 'German'",
  "show search_path",
  "do $$ begin raise notice 'n'; end $$",
];
/** No SQL to the server, refused by the fake session. */
const REFUSED = Array.from({ length: 8 }, () => "forbidden");
/** What waits for an approval, and gets it, in the test of that. */
const HELD = /insert|from t\b|generate_series/;
/** Without COMMIT AND CHAIN: in a pipelined group it leaves the server itself in "unexpected state STARTED", until the next Sync. */
const BLOCKS = [
  "begin",
  "commit",
  "rollback",
  "savepoint a",
  "rollback to a",
  "declare c cursor for select x from t",
  "declare h cursor with hold for select g from generate_series(1, 3) g",
  "fetch 2 from c",
  "fetch h",
  "close c",
];
const STRINGS = ["select 1; select 2", "insert into t values (9); select 1/0", "begin; select 1; commit; select 3"];

function messages(statements: readonly string[]) {
  const statement = fc.constantFrom(...statements);
  const name = fc.constantFrom("", "", "a", "p");
  const portal = fc.constantFrom("", "", "q", "c");
  const copied = fc.constantFrom("21\n22\n", "23\n", "oops\n", "");
  const one = fc.oneof(
    { weight: 4, arbitrary: fc.oneof(statement, fc.constantFrom(...STRINGS)).map(f.query) },
    { weight: 5, arbitrary: fc.tuple(name, statement).map(([n, text]) => f.parse(n, text)) },
    { weight: 5, arbitrary: fc.tuple(portal, name, fc.boolean()).map(([p, n, bin]) => f.bind(p, n, [], bin)) },
    { weight: 2, arbitrary: fc.constant(f.bind("", "", ["one", "two"])) },
    { weight: 5, arbitrary: fc.tuple(portal, fc.constantFrom(0, 0, 2)).map(([p, rows]) => f.execute(p, rows)) },
    { weight: 3, arbitrary: statement.map((text) => f.run(text)) },
    { weight: 1, arbitrary: name.map((n) => f.describe("S", n)) },
    { weight: 2, arbitrary: portal.map((p) => f.describe("P", p)) },
    { weight: 1, arbitrary: name.map((n) => f.close("S", n)) },
    { weight: 1, arbitrary: portal.map((p) => f.close("P", p)) },
    { weight: 6, arbitrary: fc.constant(f.sync) },
    { weight: 1, arbitrary: fc.constant(f.flush) },
    { weight: 1, arbitrary: copied.map((rows) => [f.query("copy t from stdin"), f.copyData(rows), f.copyDone]) },
    {
      weight: 1,
      arbitrary: copied.map((rows) => [
        ...[f.parse("", "copy t from stdin"), f.bind(), f.execute(), f.sync],
        ...[f.copyData(rows), f.copyDone, f.sync],
      ]),
    },
    { weight: 1, arbitrary: fc.constant([f.query("copy t from stdin"), f.copyData("1\n"), f.copyFail("enough")]) },
  );
  return fc.array(one, { minLength: 1, maxLength: 25 }).map((list) => Buffer.concat(list.flat()));
}

/** The conversation, cut at the given places, and all that was heard. */
async function converse(port: number, user: string, bytes: Buffer, cuts: readonly number[]): Promise<RawMessage[]> {
  const client = await RawClient.connect(port, user, "postgres");
  // A conversation that hangs is cut off: what was heard until then tells where.
  const timer = setTimeout(() => client.close(), 5000);
  try {
    client.send(f.query("truncate t"));
    await client.ready();
    const places = [...new Set(cuts.map((cut) => cut % bytes.length))].sort((x, y) => x - y);
    let from = 0;
    for (const to of [...places, bytes.length]) {
      client.send(bytes.subarray(from, to));
      from = to;
      await new Promise((resolve) => setImmediate(resolve));
    }
    // Ends what is open, then shows what has come of it all.
    client.send(f.sync, f.query("rollback"), f.query("select 'the end', count(*), sum(x) from t"));
    let end = false;
    return await client.read(({ type, body }) => {
      end ||= type === "D" && body.includes("the end");
      return end && type === "Z";
    });
  } finally {
    clearTimeout(timer);
    client.close();
  }
}

const cuts = fc.array(fc.nat(), { maxLength: 6 });

function inWords(heard: readonly RawMessage[], without: string): string[] {
  return untilFatal(heard).map(({ type, body }) =>
    without.includes(type) ? type : `${type} ${JSON.stringify(comparable(type, body))}`,
  );
}

/** Where the server gives up on the client so does the gateway, in words of its own. */
function untilFatal(heard: readonly RawMessage[]): readonly RawMessage[] {
  const isFatal = heard.at(-1)?.type === "E";
  return isFatal ? heard.slice(0, heard.findLastIndex(({ type }) => type !== "E") + 1) : heard;
}

/** Without process ids, and without the line of the server's source that an error was raised at. */
function comparable(type: string, body: Buffer): string {
  const text = body.toString("latin1");
  if (type === "A") return text.slice(4);
  return type === "E" ? text.replace(/L\d+\0R\w+\0/, "") : text;
}

describe("any conversation", () => {
  it.each([
    ["at once", false],
    ["later", true],
  ])("is heard as from the server itself, when verdicts come %s", async (_, late) => {
    slow = late;
    await fc.assert(
      fc.asyncProperty(messages([...PLAIN, ...BLOCKS]), cuts, async (bytes, places) => {
        const direct = await converse(server.port, "postgres", bytes, []);
        const through = await converse(gateway.port, "engineer", bytes, places);
        expect(inWords(through, "")).toEqual(inWords(direct, ""));
      }),
      { numRuns: RUNS },
    );
  });

  it("with commands that wait for an approval, and get it, is heard as from the server itself", async () => {
    slow = false;
    held = true;
    try {
      await fc.assert(
        fc.asyncProperty(messages([...PLAIN, ...BLOCKS]), cuts, async (bytes, places) => {
          const direct = await converse(server.port, "postgres", bytes, []);
          const through = await converse(gateway.port, "engineer", bytes, places);
          const heard = through.filter(({ type, body }) => type !== "N" || !body.includes("this waits"));
          expect(inWords(heard, "")).toEqual(inWords(direct, ""));
        }),
        { numRuns: RUNS },
      );
    } finally {
      held = false;
    }
  });

  it("with refused commands is heard as if these had been errors of the server", async () => {
    slow = false;
    await fc.assert(
      fc.asyncProperty(messages([...PLAIN, ...REFUSED]), cuts, async (bytes, places) => {
        const direct = await converse(server.port, "postgres", bytes, []);
        const through = await converse(gateway.port, "engineer", bytes, places);
        expect(inWords(through, "E")).toEqual(inWords(direct, "E"));
      }),
      { numRuns: RUNS },
    );
  });
});
