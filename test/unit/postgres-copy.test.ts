// The machine while data is copied, in either direction.
import { describe, expect, it } from "vitest";
import { backend as b } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";

describe("COPY", () => {
  it("in: holds the client's messages until the target asks for them", async () => {
    const m = new FakeMachine();
    await m.client(f.query("copy t from stdin"), f.copyData("1\n"), f.copyData("2\n"), f.copyDone, f.query("select 1"));
    expect(m.sent()).toBe("Q");
    await m.server(b.copyIn(1));
    expect(m.sent()).toBe("ddc");
    await m.server(b.complete("COPY 2"), b.ready());
    expect(m.sent()).toBe("Q");
    expect(await m.said()).toEqual(["copyInResponse", "complete COPY 2", "ready I"]);
  });

  it("in, extended: the Sync that the target would ignore is not sent", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "copy t from stdin"), f.bind(), f.execute(), f.sync);
    expect(m.sent()).toBe("PBEH");
    await m.server(b.parseComplete, b.bindComplete, b.copyIn(1));
    await m.client(f.copyData("1\n"), f.copyDone, f.sync);
    expect(m.sent()).toBe("dcH");
    await m.server(b.complete("COPY 1"));
    expect(m.sent()).toBe("S");
    await m.server(b.ready());
    expect((await m.said()).slice(-2)).toEqual(["complete COPY 1", "ready I"]);
  });

  it("in, extended: refused by the target, the Sync counts", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "copy t from stdin"), f.bind(), f.execute(), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.error("42501"));
    expect(m.sent()).toBe("PBEHS");
    await m.server(b.ready());
    expect((await m.said()).at(-1)).toBe("ready I");
  });

  it("in: keeps what is copied, in order, before it goes on; and waits while what is kept is behind", async () => {
    const m = new FakeMachine();
    await m.client(f.query("copy t from stdin"));
    await m.server(b.copyIn(1));
    m.sent();
    await m.client(f.copyData("1\n"));
    m.session.writable = false;
    await m.client(f.copyData("2\n"), f.copyDone, f.query("select 1"));
    expect(m.sent()).toBe("d");
    expect(m.machine.wantsClient).toBe(false);
    m.session.catchUp();
    await m.settled();
    expect(m.sent()).toBe("dc");
    await m.server(b.complete("COPY 2"), b.ready());
    expect(m.sent()).toBe("Q");
    const { copied } = m.session;
    expect(Buffer.concat(copied.map(({ message }) => message))).toEqual(
      Buffer.concat([f.copyData("1\n"), f.copyData("2\n"), f.copyDone]),
    );
    expect(new Set(copied.map(({ run }) => run)).size).toBe(1);
  });

  it("in: data after an error of the target is thrown away", async () => {
    const m = new FakeMachine();
    await m.client(f.query("copy t from stdin"));
    await m.server(b.copyIn(1));
    await m.client(f.copyData("x\n"));
    await m.server(b.error("22P02"), b.ready());
    m.sent();
    await m.client(f.copyData("y\n"), f.copyDone, f.query("select 1"));
    expect(m.sent()).toBe("Q");
  });

  it("in: a long message goes on in pieces", async () => {
    const m = new FakeMachine();
    await m.client(f.query("copy t from stdin"));
    await m.server(b.copyIn(1));
    m.sentBytes();
    const long = f.copyData("x".repeat(100_000));
    for (let at = 0; at < long.length; at += 30_000) await m.client(long.subarray(at, at + 30_000));
    const sent = m.sentBytes();
    expect(sent.toString("latin1").replaceAll(/d[^x]{4}/gs, "")).toBe("x".repeat(100_000));
    expect(Buffer.concat(m.session.copied.map(({ message }) => message))).toEqual(sent);
  });

  it("out: rows are masked", async () => {
    const m = new FakeMachine();
    await m.client(f.query("copy (select id, ssn from t) to stdout"));
    await m.server(
      b.copyOut(2),
      b.copyData("1\t123\n"),
      b.copyData("2\t456\n"),
      b.copyDone,
      b.complete("COPY 2"),
      b.ready(),
    );
    expect(await m.said()).toEqual([
      "copyOutResponse",
      "copy 1\t***\n",
      "copy 2\t***\n",
      "copyDone",
      "complete COPY 2",
      "ready I",
    ]);
    expect(m.session.done).toMatchObject([{ rows: 2 }]);
  });

  it.each([
    ["COPY data that was not asked for", b.copyData("x")],
    ["a CopyInResponse that was not asked for", b.copyIn(1)],
    ["a row that was not asked for", b.dataRow("x")],
    ["COPY BOTH", b.frame("W", Buffer.alloc(3))],
    ["an unknown message", b.frame("v", Buffer.alloc(3))],
    ["an authentication request", b.frame("R", Buffer.alloc(4))],
  ])("ends the session on %s", async (_, message) => {
    const m = new FakeMachine();
    await m.client(f.query("select 1"));
    await m.server(message);
    expect(m.failure).not.toBeNull();
    expect(await m.said()).toEqual([]);
  });
});
