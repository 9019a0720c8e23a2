// What the wire does with a command that waits for an approval.
import { serialize } from "pg-protocol";
import { beforeEach, describe, expect, test } from "vitest";
import { Refusal } from "#shared/errors.ts";
import { backend } from "#test/support/backend.ts";
import { FakeMachine, frontend } from "#test/support/fake-machine.ts";

const { query, parse, bind, execute, sync, flush, run } = frontend;
const TEXT = "delete from prescriptions where id = $1";
const IDLE = backend.ready("I");
let fake: FakeMachine;

beforeEach(() => {
  fake = new FakeMachine();
  fake.session.needsApproval = ({ text }) => text.startsWith("delete");
});

/** What the last command would be approved as. */
const circumstances = () => fake.session.judged.at(-1)?.circumstances() ?? null;

async function approve(refusal: Refusal | null = null): Promise<void> {
  expect(fake.session.decide(refusal)).toBe(true);
  await fake.settled();
}

describe("a simple query", () => {
  test("waits with nothing at the target, is announced at once, and runs when it is approved", async () => {
    await fake.client(query("delete from drugs"));
    expect(fake.sent()).toBe("");
    expect(await fake.said()).toContain("notice this waits");
    expect(fake.machine.waiting).toBe(true);
    expect(circumstances()).toMatchObject({ bound: null, locks: false });
    await approve();
    expect(fake.sent()).toBe("Q");
    expect(fake.machine.waiting).toBe(false);
    await fake.server(backend.complete("DELETE 1"), IDLE);
    expect(await fake.said()).toEqual(["complete DELETE 1", "ready I"]);
  });

  test("that is denied is an error, and the session goes on", async () => {
    await fake.client(query("delete from drugs"), query("select 1"));
    await fake.said();
    await approve(new Refusal("approval-denied"));
    await fake.server(IDLE);
    expect((await fake.said()).map((m) => m.split(" ")[0])).toEqual(["error", "ready"]);
    expect(fake.sent()).toBe("SQ");
  });

  test("keeps locks only in a block in which something has run", async () => {
    await fake.client(query("begin"));
    await fake.server(backend.complete("BEGIN"), backend.ready("T"));
    await fake.client(query("delete from drugs"));
    expect(circumstances()?.locks).toBe(false);
    await approve(new Refusal("approval-denied"));
    await fake.server(backend.ready("T"));
    await fake.client(query("select 1"));
    await fake.server(backend.complete("SELECT 1"), backend.ready("T"));
    await fake.client(query("delete from drugs"));
    expect(circumstances()?.locks).toBe(true);
    await approve(new Refusal("approval-denied"));
    await fake.server(backend.ready("T"));
    await fake.client(query("rollback"));
    await fake.server(backend.complete("ROLLBACK"), IDLE);
    await fake.client(query("delete from drugs"));
    expect(circumstances()?.locks).toBe(false);
  });

  test("is taken back when the client says that it sends no more, and when it is gone", async () => {
    await fake.client(query("delete from drugs"));
    fake.machine.clientEnded();
    await fake.settled();
    expect(fake.session.interruptions).toEqual(["the client left"]);
    await fake.server(IDLE);
    expect(fake.finished).toBe(true);
  });

  test("is watched for the client's leaving although much is read meanwhile, within bounds", async () => {
    await fake.client(query("delete from drugs"));
    await fake.client(query(`select '${"x".repeat(40_000)}'`));
    await fake.client(query(`select '${"x".repeat(40_000)}'`));
    expect(fake.machine.wantsClient).toBe(true);
    await fake.client(query(`select '${"x".repeat(40_000)}'`));
    expect(fake.machine.wantsClient).toBe(false);
    expect(fake.sent()).toBe("");
    await approve();
    expect(fake.sent()).toBe("QQQQ");
  });

  test("sends a sign of life that the client does not hear of", async () => {
    await fake.client(query("delete from drugs"));
    await fake.said();
    fake.machine.nudge();
    expect(fake.sent()).toBe("S");
    fake.machine.nudge();
    expect(fake.sent()).toBe("");
    await fake.server(IDLE);
    expect(await fake.said()).toEqual([]);
    await approve();
    expect(fake.sent()).toBe("Q");
  });

  test("follows settings that the target reports", async () => {
    await fake.server(backend.parameter("TimeZone", "Europe/Vienna"));
    await fake.client(query("delete from drugs"));
    expect(circumstances()?.settings).toMatchObject({ TimeZone: "Europe/Vienna" });
  });
});

describe("the extended protocol", () => {
  test("leaves nothing of it at the target while it waits, and all of it afterwards", async () => {
    await fake.client(run(TEXT), sync);
    expect(fake.sent()).toBe("");
    expect(await fake.said()).toContain("notice this waits");
    expect(circumstances()).toMatchObject({ bound: { types: [], formats: [], values: [] }, locks: false });
    await approve();
    expect(fake.sent()).toBe("PBDES");
    await fake.server(backend.parseComplete, backend.bindComplete, backend.noData, backend.complete("DELETE 1"), IDLE);
    expect(await fake.said()).toEqual(["parseComplete", "bindComplete", "noData", "complete DELETE 1", "ready I"]);
  });

  test("that is denied fails at its place, as the target would do it", async () => {
    await fake.client(run(TEXT), sync);
    await fake.said();
    await approve(new Refusal("approval-denied"));
    expect(fake.sent()).toBe("PBDS");
    await fake.server(backend.parseComplete, backend.bindComplete, backend.noData, IDLE);
    const heard = ["parseComplete", "bindComplete", "noData", "error", "ready"];
    expect((await fake.said()).map((m) => m.split(" ")[0])).toEqual(heard);
  });

  test("prepares and describes without waiting, keeps no locks then, and waits to execute", async () => {
    await fake.client(serialize.parse({ name: "s", text: TEXT, types: [23] }), frontend.describe("S", "s"), sync);
    expect(fake.sent()).toBe("PDS");
    await fake.server(backend.parseComplete, backend.parameterDescription, backend.noData, IDLE);
    await fake.client(bind("", "s", ["7"]), execute(), sync);
    expect(fake.sent()).toBe("");
    const values = [new Uint8Array([55])];
    expect(circumstances()).toMatchObject({ bound: { types: [23], formats: [0], values }, locks: false });
    await approve();
    expect(fake.sent()).toBe("BES");
  });

  test("keeps locks when the client has asked for answers half way", async () => {
    await fake.client(parse("", TEXT), bind(), flush);
    expect(fake.sent()).toBe("PBH");
    await fake.server(backend.parseComplete, backend.bindComplete);
    await fake.client(execute(), sync);
    expect(circumstances()?.locks).toBe(true);
  });

  test("goes on with a portal that stopped half way, and asks for the next one", async () => {
    const text = "delete from drugs returning id";
    await fake.client(parse("", text), bind("p"), execute("p", 1), sync);
    await approve();
    expect(fake.sent()).toBe("PBDES");
    const rows = [backend.rowDescription("id"), backend.dataRow("1"), backend.suspended];
    await fake.server(backend.parseComplete, backend.bindComplete, ...rows, backend.ready("T"));
    await fake.client(execute("p", 1), sync);
    expect(fake.session.judged.at(-1)?.continues?.text).toBe(text);
    expect(fake.machine.waiting).toBe(false);
    await fake.client(bind("q"), execute("q", 1), sync);
    expect(fake.machine.waiting).toBe(true);
  });

  test("of a client that leaves before it executes keeps nobody waiting", async () => {
    await fake.client(parse("", TEXT), bind());
    fake.machine.clientEnded();
    expect(fake.finished).toBe(true);
  });

  test("lets what does not wait pass: a lazy message goes with the next that is not", async () => {
    await fake.client(parse("a", TEXT), parse("b", "select 1"));
    expect(fake.sent()).toBe("PP");
  });
});

test("a notice never lands inside of another message", async () => {
  await fake.client(query("select 1"), query("delete from drugs"));
  const row = backend.dataRow("x".repeat(5000));
  await fake.server(backend.rowDescription("1"), row.subarray(0, 1000));
  const first = fake.saidBytes();
  await fake.server(row.subarray(1000), backend.complete("SELECT 1"), IDLE);
  const all = Buffer.concat([first, fake.saidBytes()]);
  expect(all.indexOf(row)).toBeGreaterThan(0);
  expect(all.indexOf("this waits")).toBeGreaterThan(all.indexOf(row));
});
