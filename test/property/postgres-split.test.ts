// How bytes are cut into chunks must not matter: every place of a recorded conversation, on both sides.
import { describe, expect, it } from "vitest";
import { backend as b } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";

const CLIENT = Buffer.concat([
  f.query("select id, ssn from patients; update patients set name = 'x'"),
  f.parse("s", "select ssn from patients where id = $1"),
  f.bind("", "s", ["7"]),
  f.execute("", 5),
  f.sync,
  f.run("select forbidden"),
  f.sync,
  f.query("copy (select ssn from patients) to stdout"),
  f.close("S", "s"),
  f.sync,
]);

const SERVER = Buffer.concat([
  b.rowDescription("id", "ssn"),
  b.dataRow("1", "123-45-6789"),
  b.dataRow("2", null),
  b.complete("SELECT 2"),
  b.fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: "careful" }),
  b.complete("UPDATE 2"),
  b.ready(),
  b.parseComplete,
  b.bindComplete,
  b.rowDescription("ssn"),
  b.dataRow("123-45-6789"),
  b.suspended,
  b.ready(),
  b.ready(),
  b.copyOut(1),
  b.copyData("123-45-6789\n"),
  b.copyDone,
  b.complete("COPY 1"),
  b.notification("channel", "payload"),
  b.ready(),
  b.closeComplete,
  b.parameter("TimeZone", "UTC"),
  b.ready(),
]);

async function play(client: readonly Buffer[], server: readonly Buffer[]): Promise<{ sent: Buffer; said: Buffer }> {
  const m = new FakeMachine();
  for (const chunk of client) await m.client(chunk);
  const said: Buffer[] = [];
  for (const chunk of server) {
    await m.server(chunk);
    said.push(m.saidBytes());
  }
  expect(m.failure).toBeNull();
  expect(m.session.done.map((d) => d.tag)).toEqual(["UPDATE 2", "SUSPENDED", "COPY 1"]);
  return { sent: m.sentBytes(), said: Buffer.concat(said) };
}

describe("a conversation", () => {
  it("goes the same way wherever the client's bytes are cut", async () => {
    const whole = await play([CLIENT], [SERVER]);
    expect(whole.said.includes("123-45-6789")).toBe(false);
    for (let i = 1; i < CLIENT.length; i++) {
      const { sent, said } = await play([CLIENT.subarray(0, i), CLIENT.subarray(i)], [SERVER]);
      expect(sent.equals(whole.sent)).toBe(true);
      expect(said.equals(whole.said)).toBe(true);
    }
  });

  it("goes the same way wherever the target's bytes are cut", async () => {
    const whole = await play([CLIENT], [SERVER]);
    for (let i = 1; i < SERVER.length; i++) {
      const { said } = await play([CLIENT], [SERVER.subarray(0, i), SERVER.subarray(i)]);
      expect(said.equals(whole.said)).toBe(true);
    }
  });

  it("goes the same way byte by byte", async () => {
    const bytes = (all: Buffer) => Array.from(all, (_, i) => all.subarray(i, i + 1));
    const whole = await play([CLIENT], [SERVER]);
    const { sent, said } = await play(bytes(CLIENT), bytes(SERVER));
    expect(sent.equals(whole.sent)).toBe(true);
    expect(said.equals(whole.said)).toBe(true);
  });
});
