// The machine between a client and a server that are played by hand: what is forwarded, what is said, and in which order.
import { describe, expect, it } from "vitest";
import { Refusal } from "#shared/errors.ts";
import { backend as b, readBackend } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";

const DENIED = "error 42501 policy does not permit this command";

/** Answers to Parse, Bind, Describe of one column. */
const opened = (...columns: readonly string[]) => [b.parseComplete, b.bindComplete, b.rowDescription(...columns)];

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

describe("the extended protocol", () => {
  it("masks by Describe of the portal", async () => {
    const m = new FakeMachine();
    await m.client(f.run("select ssn from patients"), f.sync);
    expect(m.sent()).toBe("PBDES");
    await m.server(...opened("ssn"), b.dataRow("123"), b.complete("SELECT 1"), b.ready());
    const said = await m.said();
    expect(said).toEqual(["parseComplete", "bindComplete", "columns ssn", "row ***", "complete SELECT 1", "ready I"]);
  });

  it("asks for the shape itself when the client does not, and keeps the answer", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("s", "select ssn"), f.bind("", "s"), f.execute(), f.sync);
    expect(m.sent()).toBe("PBDES");
    await m.server(...opened("ssn"), b.dataRow("123"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toEqual(["parseComplete", "bindComplete", "row ***", "complete SELECT 1", "ready I"]);
  });

  it("takes Describe of the statement for it, with Bind's formats", async () => {
    const m = new FakeMachine();
    const shapes: unknown[] = [];
    const conceal = m.session.conceal.bind(m.session);
    m.session.conceal = (judgement, index, shape) => {
      shapes.push(shape.map((column) => column.format));
      return conceal(judgement, index, shape);
    };
    await m.client(f.parse("s", "select ssn"), f.describe("S", "s"), f.sync);
    await m.server(b.parseComplete, b.parameterDescription, b.rowDescription("ssn"), b.ready());
    m.sent();
    await m.client(f.bind("", "s", [], true), f.execute(), f.sync);
    expect(m.sent()).toBe("BES");
    await m.server(b.bindComplete, b.dataRow("123"), b.complete("SELECT 1"), b.ready());
    expect((await m.said()).slice(-4)).toEqual(["bindComplete", "row ***", "complete SELECT 1", "ready I"]);
    expect(shapes).toEqual([[1]]);
  });

  it("masks every piece of a portal that is executed in pieces", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "select ssn"), f.bind("p"), f.execute("p", 1), f.execute("p", 1), f.sync);
    expect(m.sent()).toBe("PBDEES");
    await m.server(...opened("ssn"), b.dataRow("1"), b.suspended, b.dataRow("2"), b.complete("SELECT 1"), b.ready());
    expect((await m.said()).filter((line) => line.startsWith("row"))).toEqual(["row ***", "row ***"]);
    expect(m.session.done.map((d) => d.tag)).toEqual(["SUSPENDED", "SELECT 1"]);
  });

  it("does not forward Execute of a portal that it does not know", async () => {
    const m = new FakeMachine();
    await m.client(f.execute("p"), f.sync);
    expect(m.sent()).toBe("DS");
    await m.server(b.error("34000", 'portal "p" does not exist'), b.ready());
    expect(await m.said()).toEqual(['error 34000 portal "p" does not exist', "ready I"]);
  });

  it("hides a portal that the target knows and the gateway does not", async () => {
    const m = new FakeMachine();
    await m.client(f.execute("p"), f.sync);
    await m.server(b.rowDescription("a"), b.ready());
    expect(await m.said()).toEqual(["error 42501 the gateway does not know this portal", "ready I"]);
  });

  it("skips what follows an error of the target, sent or not", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("a", "select 1"), f.parse("b", "select 2"));
    await m.server(b.error("42601"));
    await m.client(f.bind("", "b"), f.execute(), f.sync);
    expect(m.sent()).toBe("PPS");
    await m.server(b.ready());
    expect(await m.said()).toEqual(["error 42601 text with secret", "ready I"]);
    expect(m.session.done).toEqual([]);
  });

  it("reports commands that were skipped", async () => {
    const m = new FakeMachine();
    await m.client(f.run("select 1"), f.run("select 2"), f.sync);
    await m.server(b.error("42601"), b.ready());
    expect(m.session.done.map((d) => [d.text, d.sqlstate])).toEqual([
      ["select 1", "42601"],
      ["select 2", "42601"],
    ]);
  });
});

describe("names", () => {
  it("mean what the target has, whatever was pipelined", async () => {
    const m = new FakeMachine();
    await m.client(
      Buffer.concat([f.parse("", "select ssn"), f.sync]),
      Buffer.concat([f.bind("", "", ["too many"]), f.parse("", "select 1"), f.sync]),
      Buffer.concat([f.bind(), f.execute(), f.sync]),
    );
    // Each group depends on what became of the one before.
    expect(m.sent()).toBe("PS");
    await m.server(b.parseComplete, b.ready());
    expect(m.sent()).toBe("BPS");
    await m.server(b.error("08P01"), b.ready());
    expect(m.sent()).toBe("BDES");
    await m.server(b.bindComplete, b.rowDescription("ssn"), b.dataRow("123"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toContain("row ***");
    expect(m.session.judged.at(-1)?.prepared?.text).toBe("select ssn");
  });

  it("are not waited for inside their own group", async () => {
    const m = new FakeMachine();
    await m.client(f.run("select 1"), f.sync, f.run("select ssn"), f.sync, f.run("select 2"), f.sync);
    expect(m.sent()).toBe("PBDESPBDESPBDES");
  });

  it("keep their old meaning when a second Parse fails", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("s", "select ssn"), f.sync);
    await m.server(b.parseComplete, b.ready());
    await m.client(f.parse("s", "select name"), f.sync);
    await m.server(b.error("42P05"), b.ready());
    await m.client(f.bind("", "s"), f.execute(), f.sync);
    await m.server(b.bindComplete, b.rowDescription("x"), b.dataRow("123"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toContain("row ***");
  });

  it("are forgotten when closed, and the unnamed one when the next Parse fails", async () => {
    const m = new FakeMachine();
    await m.client(f.parse("", "select ssn"), f.sync);
    await m.server(b.parseComplete, b.ready());
    await m.client(f.parse("", "select nonsense"), f.sync);
    await m.server(b.error("42601"), b.ready());
    m.sent();
    await m.client(f.bind(), f.sync);
    await m.server(b.bindComplete, b.ready());
    await m.client(f.execute(), f.sync);
    await m.server(b.error("34000"), b.ready());
    expect(m.session.judged).toHaveLength(2);
  });

  it("made by PREPARE are found by EXECUTE and by Bind", async () => {
    const m = new FakeMachine();
    await m.client(f.query("prepare p as select ssn"), f.query("execute p"));
    expect(m.sent()).toBe("Q");
    await m.server(b.complete("PREPARE"), b.ready());
    expect(m.sent()).toBe("Q");
    await m.server(b.rowDescription("x"), b.dataRow("1"), b.complete("SELECT 1"), b.ready());
    await m.client(f.bind("", "p"), f.execute(), f.sync);
    await m.server(b.bindComplete, b.rowDescription("x"), b.dataRow("2"), b.complete("SELECT 1"), b.ready());
    expect((await m.said()).filter((line) => line.startsWith("row"))).toEqual(["row ***", "row ***"]);
    expect(m.session.judged.at(-1)?.text).toBe('EXECUTE "p"');
  });

  it("made by PREPARE that failed are not registered", async () => {
    const m = new FakeMachine();
    await m.client(f.query("prepare p as select ssn"));
    await m.server(b.complete("PREPARE"), b.ready());
    await m.client(f.query("prepare p as select name"));
    await m.server(b.error("42P05"), b.ready());
    await m.client(f.query("execute p"));
    await m.server(b.rowDescription("x"), b.dataRow("1"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toContain("row ***");
  });

  it("of prepared statements are not used once search_path has changed", async () => {
    const m = new FakeMachine();
    await m.client(f.query("prepare p as select name from t"));
    await m.server(b.complete("PREPARE"), b.ready());
    await m.client(f.query("set search_path = other"));
    await m.server(b.complete("SET"), b.parameter("search_path", "other"), b.ready());
    m.sent();
    await m.client(f.query("execute p"));
    expect(m.sent()).toBe("S");
  });

  it("of prepared statements are not used once the catalog has changed", async () => {
    const m = new FakeMachine();
    await m.client(f.query("prepare p as select name from t"));
    await m.server(b.complete("PREPARE"), b.ready());
    m.sent();
    m.session.catalogHolds = false;
    await m.client(f.query("execute p"));
    expect(m.sent()).toBe("S");
    await m.server(b.ready());
    expect((await m.said()).slice(-2)).toEqual([expect.stringContaining("error 42501"), "ready I"]);
  });

  it("made by DECLARE are found by FETCH and by Execute", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"), f.query("declare c cursor for select ssn"), f.query("fetch 1 from c"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    await m.server(b.complete("DECLARE CURSOR"), b.ready("T"));
    expect(m.sent()).toBe("QQQ");
    await m.server(b.rowDescription("x"), b.dataRow("1"), b.complete("FETCH 1"), b.ready("T"));
    await m.client(f.execute("c"), f.sync);
    await m.server(b.rowDescription("x"), b.dataRow("2"), b.complete("FETCH 1"), b.ready("T"));
    expect((await m.said()).filter((line) => line.startsWith("row"))).toEqual(["row ***", "row ***"]);
  });

  it("in a parsed EXECUTE are looked up when it runs", async () => {
    const m = new FakeMachine();
    await m.client(f.query("prepare p as select name"));
    await m.server(b.complete("PREPARE"), b.ready());
    await m.client(f.parse("s", "execute p"), f.sync);
    await m.server(b.parseComplete, b.ready());
    await m.client(f.query("deallocate p"));
    await m.server(b.complete("DEALLOCATE"), b.ready());
    await m.client(f.query("prepare p as select ssn"));
    await m.server(b.complete("PREPARE"), b.ready());
    await m.client(f.bind("", "s"), f.execute(), f.sync);
    await m.server(b.bindComplete, b.rowDescription("x"), b.dataRow("1"), b.complete("SELECT 1"), b.ready());
    expect(await m.said()).toContain("row ***");
  });
});

describe("what names resolve against", () => {
  it("follows search_path as the target reports it; commands wait for the report", async () => {
    const m = new FakeMachine();
    await m.client(f.query("set search_path = other"), f.query("select 1"));
    expect(m.session.judged).toHaveLength(1);
    await m.server(b.complete("SET"), b.parameter("search_path", '"$user", "Odd ""one", other'), b.ready());
    expect(m.session.judged[1]?.context.searchPath).toEqual(["gateway", 'Odd "one', "other"]);
  });

  it("refuses commands behind SET search_path in the same group", async () => {
    const m = new FakeMachine();
    await m.client(f.run("set search_path = other"), f.run("select 1"), f.sync);
    expect(m.sent()).toBe("PBDEH");
    await m.server(b.parseComplete, b.bindComplete, b.noData, b.complete("SET"));
    expect((await m.said()).at(-1)).toContain("error 42501 search_path was changed");
  });

  it("may not change unannounced under commands that are under way", async () => {
    const m = new FakeMachine();
    await m.client(f.query("select f()"), f.query("select name from t"));
    await m.server(b.rowDescription("f"), b.complete("SELECT 1"), b.parameter("search_path", "other"), b.ready());
    await m.server(b.rowDescription("name"), b.dataRow("123"));
    expect(m.failure?.code).toBe("result-mismatch");
    expect(await m.said()).not.toContain("row 123");
  });

  it("without reports of the target knows no search_path after a change", async () => {
    const m = new FakeMachine(new Map());
    await m.client(f.query("set search_path = other"));
    await m.server(b.complete("SET"), b.ready());
    await m.client(f.query("select 1"));
    expect(m.session.judged[1]?.context.searchPath).toEqual([]);
  });

  it("of a portal stays what it was when the portal was bound", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    await m.client(f.parse("s", "select ssn"), f.bind("p", "s"), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.ready("T"));
    await m.client(f.query("set search_path = other"));
    await m.server(b.complete("SET"), b.parameter("search_path", "other"), b.ready("T"));
    await m.client(f.execute("p"));
    expect(m.session.judged.at(-1)).toMatchObject({ phase: "execute", context: { searchPath: ["public"] } });
  });

  it("keeps temporary relations as transactions do", async () => {
    const m = new FakeMachine();
    const temporary = async () => {
      await m.client(f.query("select 1"));
      await m.server(b.rowDescription("x"), b.complete("SELECT 0"), b.ready());
      return [...(m.session.judged.at(-1)?.context.temporary.keys() ?? [])];
    };
    await m.client(f.query("create temp table a (x int)"));
    await m.server(b.complete("CREATE TABLE"), b.ready());
    expect(await temporary()).toEqual(["a"]);
    await m.client(f.query("begin; create temp table b (x int)"));
    await m.server(b.complete("BEGIN"), b.complete("CREATE TABLE"), b.ready("T"));
    await m.client(f.query("rollback"));
    await m.server(b.complete("ROLLBACK"), b.ready());
    expect(await temporary()).toEqual(["a"]);
    await m.client(f.query("create temp table c (x int); select 1/0"));
    await m.server(b.complete("CREATE TABLE"), b.error("22012"), b.ready());
    expect(await temporary()).toEqual(["a"]);
  });

  it("takes nothing from a temporary relation that may be gone", async () => {
    const m = new FakeMachine();
    await m.client(f.query("create temp table patients (ssn text)"));
    await m.server(b.complete("CREATE TABLE"), b.ready());
    await m.client(f.query("drop table pg_temp.patients"));
    await m.server(b.complete("DROP TABLE"), b.ready());
    await m.client(f.query("select 1"));
    expect(m.session.judged.at(-1)?.context.temporary.get("patients")).toEqual([]);
  });

  it("waits for analysis to see a new catalog", async () => {
    const m = new FakeMachine();
    let seen = () => {};
    m.session.refresh = () =>
      new Promise<void>((resolve) => {
        seen = resolve;
      });
    await m.client(f.query("create table t (x int)"), f.query("select * from t"));
    expect(m.session.judged).toHaveLength(1);
    await m.server(b.complete("CREATE TABLE"), b.ready());
    expect(m.session.refreshed).toBe(1);
    expect(m.session.judged).toHaveLength(1);
    seen();
    await m.settled();
    expect(m.session.judged).toHaveLength(2);
    expect(m.session.judged[1]?.context).toBe(m.session.judged[0]?.context);
  });

  it("is unsettled while a change of the catalog is not committed", async () => {
    const m = new FakeMachine();
    await m.client(f.query("begin"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    await m.client(f.query("alter table t rename a to b"));
    await m.server(b.complete("ALTER TABLE"), b.ready("T"));
    expect(m.session.refreshed).toBe(0);
    await m.client(f.query("select b from t"));
    expect(m.session.judged.at(-1)?.context.unsettled).toBe(true);
    await m.server(b.rowDescription("b"), b.complete("SELECT 0"), b.ready("T"));
    await m.client(f.query("commit"));
    await m.server(b.complete("COMMIT"), b.ready());
    expect(m.session.refreshed).toBe(1);
    await m.client(f.query("select 1"));
    expect(m.session.judged.at(-1)?.context.unsettled).toBeUndefined();
  });
});

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
  });
});
