// The machine between a client and a server that are played by hand: what is forwarded, what is said, and in which order.
import { describe, expect, it } from "vitest";
import { Refusal } from "#shared/errors.ts";
import { backend as b, readBackend } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";

const DENIED = "error 42501 policy does not permit this command";

describe("a simple query", () => {
  it("is judged, forwarded, masked, reported", async () => {
    const m = new FakeMachine();
    const query = f.query("select id, ssn from patients");
    await m.client(query);
    expect(m.sentBytes()).toEqual(query);
    await m.server(b.rowDescription("id", "ssn"), b.dataRow("1", "123-45-6789"), b.dataRow("2", null));
    await m.server(b.complete("SELECT 2"), b.ready());
    const sent = m.saidBytes();
    expect(await readBackend(sent)).toEqual([
      "columns id,ssn",
      "row 1,***",
      "row 2,NULL",
      "complete SELECT 2",
      "ready I",
    ]);
    expect(m.session.done).toMatchObject([{ tag: "SELECT 2", rows: 2, sqlstate: "" }]);
  });

  it.each([[[]], [["id"]], [["id", "name"]]])(
    "shows no row of other columns than were announced: %j",
    async (columns) => {
      for (const cells of [[], ["1"], ["1", "2"], ["1", "2", "3"]]) {
        const m = new FakeMachine();
        m.session.masks = "none";
        await m.client(f.query("select of anything"));
        const row = b.dataRow(...cells);
        await m.server(b.rowDescription(...columns));
        await m.server(row.subarray(0, 5));
        await m.server(row.subarray(5));
        if (cells.length === columns.length) expect((await m.said()).at(-1)).toBe(`row ${cells.join(",")}`);
        else expect(m.failure?.code).toBe("target-lost");
      }
    },
  );

  it("waits for a verdict that takes time, and keeps the order", async () => {
    const m = new FakeMachine();
    m.session.slow = true;
    await m.client(f.query("select 1"), f.query("forbidden"), f.query("select 2"));
    expect(m.sent()).toBe("QSQ");
    await m.server(b.rowDescription("x"), b.dataRow("1"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toEqual(["columns x", "row 1", "complete SELECT 1", "ready I", DENIED]);
    await m.server(b.ready());
    expect(await m.said()).toEqual(["ready I"]);
  });

  it("is not forwarded before its permit is there, nor is what follows", async () => {
    const m = new FakeMachine();
    m.session.holdPermits = true;
    await m.client(f.query("select 1"), f.query("select 2"));
    expect(m.session.judged.map((c) => c.text)).toEqual(["select 1", "select 2"]);
    expect(m.sent()).toBe("");
    m.session.release();
    await m.settled();
    expect(m.sent()).toBe("QQ");
  });

  it("matches the n-th result with the n-th statement", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select ssn; update x set y = 1; select name; select ssn"));
    await m.server(b.rowDescription("a"), b.dataRow("A"), b.complete("SELECT 1"), b.complete("UPDATE 3"));
    await m.server(b.rowDescription("a"), b.dataRow("B"), b.complete("SELECT 1"));
    await m.server(b.rowDescription("a"), b.dataRow("C"), b.complete("SELECT 1"), b.ready());
    const rows = (await m.said()).filter((line) => line.startsWith("row"));
    expect(rows).toEqual(["row ***", "row B", "row ***"]);
  });

  it("does not believe in more results than statements", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select name"));
    await m.server(b.rowDescription("a"), b.complete("SELECT 0"), b.rowDescription("a"), b.complete("SELECT 0"));
    expect(m.failure?.code).toBe("target-lost");
  });

  it("gets an error in place of a result of another shape, and the session goes on", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select name"));
    await m.server(b.rowDescription("a", "b"), b.dataRow("1", "secret"), b.complete("SELECT 1"), b.ready());
    const said = await m.said();
    expect(said).toEqual([expect.stringContaining("error 42501"), "ready I"]);
    await m.client(f.query("select name"));
    await m.server(b.rowDescription("a"), b.dataRow("x"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toEqual(["columns a", "row x", "complete SELECT 1", "ready I"]);
  });

  it("may be empty", async () => {
    const m = new FakeMachine();
    await m.client(f.query(""));
    await m.server(b.emptyQuery, b.ready());
    expect(await m.said()).toEqual(["emptyQuery", "ready I"]);
  });
});

describe("a refusal", () => {
  it("answers a simple query, and ReadyForQuery is the target's own", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    await m.client(f.query("forbidden"));
    expect(m.sent()).toBe("QS");
    await m.server(b.ready("T"));
    expect((await m.said()).slice(2)).toEqual([DENIED, "ready T"]);
  });

  it("skips the rest of the group, as the server does", async () => {
    const m = new FakeMachine();
    await m.client(f.run("select forbidden"), f.run("select 2"), f.sync, f.run("select 3"), f.sync);
    expect(m.sent()).toBe("SPBDES");
    await m.server(b.ready());
    expect(await m.said()).toEqual([DENIED, "ready I"]);
  });

  it("comes after the answers to earlier messages", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "select 1"), f.parse("s", "forbidden"), f.sync);
    expect(await m.said()).toEqual([]);
    expect(m.sent()).toBe("PS");
    await m.server(b.parseComplete, b.ready());
    expect(await m.said()).toEqual(["parseComplete", DENIED, "ready I"]);
  });

  it("ends the implicit transaction that earlier commands of the group are in", async () => {
    const m = new FakeMachine();
    await m.client(f.run("insert into x values (1)"), f.parse("s", "forbidden"), f.sync);
    const sent = m.sentBytes();
    expect(sent.toString("latin1")).toContain("refused by the gateway");
    await m.server(b.parseComplete, b.bindComplete, b.noData, b.complete("INSERT 0 1"));
    await m.server(b.error("42601", "syntax error at or near refused"), b.ready());
    const said = await m.said();
    expect(said.slice(-3)).toEqual(["complete INSERT 0 1", DENIED, "ready I"]);
  });

  it("leaves a transaction block alone", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    m.sent();
    await m.client(f.run("insert into x values (1)"), f.parse("s", "forbidden"), f.sync);
    expect(m.sent()).toBe("PBDES");
  });

  it("leaves a transaction block alone that the group itself opened", async () => {
    const m = new FakeMachine();
    await m.client(f.run("begin"), f.run("insert into x values (1)"), f.parse("s", "forbidden"), f.sync);
    expect(m.sent()).toBe("PBDEPBDES");
  });

  it("waits for earlier groups to know whether a block is open", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"), f.run("insert into x values (1)"), f.parse("s", "forbidden"), f.sync);
    expect(m.sent()).toBe("QPBDE");
    await m.server(b.complete("BEGIN"), b.ready("T"));
    expect(m.sent()).toBe("S");
  });

  it("of a simple query behind commands without Sync ends them too", async () => {
    const m = new FakeMachine();
    await m.client(f.run("insert into x values (1)"), f.query("forbidden"), f.query("select 1"));
    expect(m.sent()).toBe("PBDEH");
    await m.server(b.parseComplete, b.bindComplete, b.noData, b.complete("INSERT 0 1"));
    expect(m.sent()).toBe("CHP");
    await m.server(b.closeComplete, b.error("42601"));
    expect(m.sent()).toBe("SQ");
    await m.server(b.ready());
    expect((await m.said()).slice(-3)).toEqual(["complete INSERT 0 1", DENIED, "ready I"]);
  });

  it("of an unnamed Parse drops the statement that it would have replaced", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "select 1"), f.sync, f.parse("", "forbidden"), f.sync);
    expect(m.sent()).toBe("PSCS");
    await m.server(b.parseComplete, b.ready(), b.closeComplete, b.ready());
    expect(await m.said()).toEqual(["parseComplete", "ready I", DENIED, "ready I"]);
  });

  it("of a simple query that the target would have skipped is not heard", async () => {
    const m = new FakeMachine();
    await m.client(f.run("select 1/0"), f.query("forbidden"), f.query("select 1"), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.rowDescription("x"), b.error("22012"));
    expect(m.sent()).toBe("PBDEHS");
    await m.server(b.ready());
    expect((await m.said()).slice(-2)).toEqual(["error 22012 text with secret", "ready I"]);
  });

  it("by missing evidence forwards nothing", async () => {
    const m = new FakeMachine();
    m.session.failPermits = (command) => command.text === "select 1";
    await m.client(f.query("select 1"), f.run("select 1"), f.sync, f.query("select 2"));
    expect(m.sent()).toBe("SSQ");
    await m.server(b.ready(), b.ready(), b.rowDescription("a"), b.complete("SELECT 0"), b.ready());
    const evidence = "error 53100 evidence cannot be written, so nothing may run";
    const said = await m.said();
    expect(said).toEqual([evidence, "ready I", evidence, "ready I", "columns a", "complete SELECT 0", "ready I"]);
  });

  it("by missing evidence in the middle of a group ends its implicit transaction", async () => {
    const m = new FakeMachine();
    m.session.holdPermits = true;
    m.session.failPermits = (command) => command.phase === "execute" && command.text === "select 1";
    await m.client(f.run("insert into x values (1)"), f.run("select 1"), f.run("select 2"), f.sync);
    m.session.release();
    await m.settled();
    expect(m.sent()).toBe("PBDEPBDPS");
  });

  it.each(["Q", "P", "B"])("answers a message %s that is too long", async (type) => {
    const m = new FakeMachine();
    const huge = Buffer.alloc(80_000_000, 32);
    huge.write(type, "latin1");
    huge.writeUInt32BE(huge.length - 1, 1);
    await m.client(huge, ...(type === "Q" ? [] : [f.sync]), f.query("select 1"));
    expect(m.sent()).toBe("SQ");
    await m.server(b.ready());
    expect(await m.said()).toEqual(["error 54000 the statement is too long", "ready I"]);
  });

  it("answers FunctionCall", async () => {
    const m = new FakeMachine();
    await m.client(b.frame("F", Buffer.alloc(10)));
    expect(m.sent()).toBe("S");
    await m.server(b.ready());
    expect(await m.said()).toEqual(["error 0A000 FunctionCall is not offered", "ready I"]);
  });
});

describe("what the target says besides", () => {
  it("is forwarded in order", async () => {
    const m = new FakeMachine();
    const notice = b.fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: "hello" });
    await m.client(f.query("select 1"));
    await m.server(b.rowDescription("x"), b.dataRow("1"), notice, b.complete("SELECT 1"));
    await m.server(b.notification("c", "p"), b.ready());
    const said = await m.said();
    expect(said.slice(1)).toEqual(["row 1", "notice hello", "complete SELECT 1", "notification c:p", "ready I"]);
  });

  it("of a guarded command is rebuilt", async () => {
    const m = new FakeMachine();
    m.session.guards = true;
    const notice = b.fields("N", { S: "NOTICE", V: "NOTICE", C: "00000", M: "secret", D: "secret", W: "secret" });
    await m.client(f.query("select ssn"));
    await m.server(notice, b.notification("c", "secret"), b.parameter("application_name", "secret"));
    await m.server(b.error("23505", "secret", { D: "secret", n: "secret" }), b.ready());
    const said = await m.said();
    expect(said).toEqual([
      "notice message of the target",
      "notification c:",
      "error 23505 unique violation",
      "ready I",
    ]);
    expect(m.session.done).toMatchObject([{ sqlstate: "23505" }]);
  });

  it.each([
    ["client_encoding", "LATIN1"],
    ["standard_conforming_strings", "off"],
  ])("ends the session when %s becomes %s", async (name, value) => {
    const m = new FakeMachine();
    await m.client(f.query("select 1"));
    await m.server(b.rowDescription("x"), b.complete("SELECT 0"), b.parameter(name, value));
    expect(m.failure?.code).toBe("protocol-unsupported");
  });
});

describe("the end", () => {
  it("comes with Terminate, once all before it was forwarded", async () => {
    const m = new FakeMachine();
    m.session.holdPermits = true;
    await m.client(f.query("insert into t values (1)"), f.terminate);
    expect(m.finished).toBe(false);
    m.session.release();
    await m.settled();
    expect(m.sent()).toBe("Q");
    expect(m.finished).toBe(true);
  });

  it.each([
    ["garbage", Buffer.from("GET / HTTP/1.1\r\n\r\n")],
    ["a startup message", Buffer.from("0000000800030000", "hex")],
    ["a malformed Parse", b.frame("P", Buffer.from("x"))],
    ["a Bind with a negative length", b.frame("B", Buffer.from("00000000000100000001fffffff0", "hex"))],
  ])("comes after %s", async (_, bytes) => {
    const m = new FakeMachine();
    await m.client(bytes);
    expect(m.failure?.code).toBe("protocol-violation");
    expect(m.session.refusals.map((r) => r.code)).toEqual(["protocol-violation"]);
    expect(m.sent()).toBe("");
  });

  it("reports commands that were not answered", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select 1"));
    m.machine.close();
    expect(m.session.done).toMatchObject([{ sqlstate: "08006" }]);
  });
});

describe("back-pressure", () => {
  it("stops reading the client while the target takes no more", async () => {
    const m = new FakeMachine();
    m.targetWritable = false;
    await m.client(f.query("select 1"));
    expect(m.machine.wantsClient).toBe(false);
    expect(m.sent()).toBe("");
    m.targetWritable = true;
    m.machine.proceed();
    await m.settled();
    expect(m.sent()).toBe("Q");
    expect(m.machine.wantsClient).toBe(true);
  });

  it("stops reading a client that sends far more than is answered", async () => {
    const m = new FakeMachine();
    for (let i = 0; i < 20; i++) await m.client(Buffer.concat(Array.from({ length: 1000 }, () => f.sync)));
    expect(m.machine.wantsClient).toBe(false);
    expect(m.sent().length).toBeLessThan(10_000);
  });

  it("forwards rows of any length in pieces, and does not hold them", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select name"));
    await m.server(b.rowDescription("name"));
    m.saidBytes();
    const row = b.dataRow("x".repeat(1_000_000));
    let got = 0;
    for (let at = 0; at < row.length; at += 65_536) {
      await m.server(row.subarray(at, at + 65_536));
      got += m.saidBytes().length;
      expect(got).toBe(Math.min(at + 65_536, row.length));
      expect(m.machine.midMessage).toBe(got < row.length);
    }
  });

  it("refuses a row that is too long to be masked", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select ssn"));
    const head = Buffer.from([0x44, 0x10, 0, 0, 0]);
    await m.server(b.rowDescription("ssn"), head, Buffer.alloc(1000));
    const said = await m.said();
    expect(said).toEqual(["columns ssn", "error 42501 a row is too long to be masked"]);
    expect(new Refusal("result-mismatch").sqlstate).toBe("42501");
    expect(m.session.refusals.map((r) => r.code)).toEqual(["result-mismatch"]);
  });
});
