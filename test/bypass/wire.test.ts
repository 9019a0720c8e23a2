// Channel 17 of the threats: bytes rather than statements. Whatever a client sends, and however, nothing masked comes back, nothing runs that was
// not judged, and everybody else is served.
import { readFileSync } from "node:fs";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import type pg from "pg";
import { serialize } from "pg-protocol";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { startTestHome, type TestHome } from "#test/support/home.ts";
import { RawClient } from "#test/support/raw-client.ts";
import { request, startup, WireClient } from "#test/support/wire-client.ts";

let home: TestHome;
let direct: pg.Client;
let secrets: string[];
const SECRET = "SELECT ssn FROM patients ORDER BY id LIMIT 20";

beforeAll(async () => {
  home = await startTestHome();
  direct = await home.direct();
  const { rows } = await direct.query(SECRET);
  secrets = rows.map(({ ssn }) => ssn as string);
  // The gateway's role may write to it, and no policy lets an engineer: what is in it was not judged.
  await direct.query("CREATE TABLE public.reached (how text); GRANT INSERT ON public.reached TO postern_gateway");
});
afterAll(async () => {
  await direct?.end();
  await home?.stop();
});
afterEach(async () => {
  expect((await direct.query("SELECT FROM public.reached")).rowCount).toBe(0);
  const other = await home.client("engineer");
  expect((await other.query("SELECT 1 AS one")).rows).toEqual([{ one: 1 }]);
  await other.end();
});

const raw = async () => RawClient.from(await home.client("engineer"));

/** All that comes until the gateway closes, or a time later. */
async function answer(client: RawClient, ...bytes: readonly Buffer[]): Promise<string> {
  client.send(...bytes);
  const late = setTimeout(() => client.close(), 1500);
  const messages = await client.read(() => false);
  clearTimeout(late);
  client.close();
  return messages.map(({ type, body }) => type + body.toString("latin1")).join("\n");
}

/** The same of a connection that has not logged in. */
async function restOf(client: WireClient): Promise<string> {
  const late = setTimeout(() => client.close(), 1500);
  const said = (await client.rest()).toString("latin1");
  clearTimeout(late);
  return said;
}

function expectNoSecret(said: string): void {
  for (const secret of secrets) expect(said).not.toContain(secret);
}

function message(type: string, length: number, body = Buffer.alloc(0)): Buffer {
  const head = Buffer.alloc(5, type);
  head.writeUInt32BE(length >>> 0, 1);
  return Buffer.concat([head, body]);
}

const query = (sql: string) => serialize.query(sql) as Buffer;
const INSERT = query("INSERT INTO public.reached VALUES ('it')");

describe("before the login", () => {
  test.each([
    ["a login and a query behind SSLRequest", [startup({ user: "engineer", database: "clinic" }), query(SECRET)]],
    ["a query behind SSLRequest", [query(SECRET)]],
    ["another SSLRequest behind SSLRequest", [request(80877103), request(80877103)]],
  ])("%s is no login", async (_, rest) => {
    const client = await WireClient.connect(home.run.gateway.port);
    client.send(Buffer.concat([request(80877103), ...rest]));
    const said = await restOf(client);
    expect(said.replace(/^S/, "")).not.toMatch(/^[RTZ]/);
    expectNoSecret(said);
  });

  test.each([
    ["a length of nothing", Buffer.from([0, 0, 0, 0])],
    ["a negative length", Buffer.from([255, 255, 255, 255, 0, 3, 0, 0])],
    ["a length of two gigabytes", Buffer.from([127, 255, 255, 255, 0, 3, 0, 0])],
    ["protocol 2", Buffer.from([0, 0, 0, 8, 0, 2, 0, 0])],
    ["a query at once", query(SECRET)],
  ])("%s ends the connection", async (_, bytes) => {
    const client = await WireClient.connect(home.run.gateway.port);
    client.send(bytes);
    const said = await restOf(client);
    expect(said).not.toContain("SSN");
    expectNoSecret(said);
  });
});

describe("after the login", () => {
  test.each([
    ["a negative length", message("Q", -1)],
    ["a length shorter than itself", message("Q", 3)],
    ["a length of two gigabytes", message("Q", 0x7fffffff, Buffer.from(SECRET))],
    ["a type that there is not", message("!", 4)],
    ["a message of the server's", message("D", 6, Buffer.from([0, 0]))],
    ["a second start-up message", startup({ user: "postgres", database: "clinic" })],
    ["a request for TLS", request(80877103)],
    ["a request to cancel", serialize.cancel(1, 1) as Buffer],
    ["a function call", message("F", 14, Buffer.alloc(10))],
    ["replication", message("d", 4)],
  ])("%s, and what comes behind it, gets nowhere", async (_, bytes) => {
    expectNoSecret(await answer(await raw(), bytes, INSERT, query(SECRET)));
  });

  test.each([
    ["text behind the end of a query", message("Q", 0, Buffer.from(`SELECT 1\0${SECRET}\0`))],
    ["a query without an end", message("Q", 0, Buffer.from(SECRET))],
    ["text behind the end of Parse", message("P", 0, Buffer.from(`\0SELECT 1\0\0\0${SECRET}\0`))],
    ["more values than there are in Bind", message("B", 0, Buffer.from([0, 0, 0, 0, 127, 255]))],
    ["a value longer than Bind", message("B", 0, Buffer.from([0, 0, 0, 0, 0, 1, 127, 255, 255, 255, 65]))],
    ["Execute without a name's end", message("E", 0, Buffer.from("p"))],
    ["Describe of neither", message("D", 0, Buffer.from("X\0"))],
  ])("%s is a violation", async (_, bytes) => {
    bytes.writeUInt32BE(bytes.length - 1, 1);
    const said = await answer(await raw(), bytes, INSERT);
    expect(said).toContain("C08P01");
    expectNoSecret(said);
  });

  test("a query that comes byte by byte is masked like any", async () => {
    const whole = await raw();
    whole.send(query(SECRET));
    const expected = await whole.ready();
    whole.close();
    const client = await raw();
    for (const byte of query(SECRET)) {
      client.send(Buffer.from([byte]));
      await new Promise(setImmediate);
    }
    expect(await client.ready()).toEqual(expected);
    client.close();
  });

  test("guessed keys cancel nothing", async () => {
    const sleeper = await home.client("engineer");
    const { processID, secretKey } = sleeper as unknown as { processID: number; secretKey: number };
    const slept = sleeper.query("SELECT pg_sleep(1.5)");
    for (let i = 1; i <= 200; i++)
      connect(home.run.gateway.port, "127.0.0.1")
        .on("error", () => {})
        .end(serialize.cancel(processID, secretKey ^ i));
    expect((await slept).rowCount).toBe(1);
    await sleeper.end();
  });
});

test("a client that never reads costs a bounded amount of memory", async () => {
  const resident = () =>
    Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${home.run.proxyPid}/status`, "utf8"))?.[1]) * 1024;
  const clients = await Promise.all(Array.from({ length: 4 }, raw));
  const before = resident();
  for (const client of clients) {
    client.socket.pause();
    client.send(query("SELECT repeat('x', 1000), ssn FROM patients, generate_series(1, 100000)"));
  }
  await sleep(4000);
  // Half a gigabyte each, were it all taken in.
  expect(resident() - before).toBeLessThan(150e6);
  for (const client of clients) client.close();
});
