// The machine in the extended protocol, and what names of statements, portals and relations mean to it.
import { describe, expect, it } from "vitest";
import { backend as b } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";

/** Answers to Parse, Bind, Describe of one column. */
const opened = (...columns: readonly string[]) => [b.parseComplete, b.bindComplete, b.rowDescription(...columns)];

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
    expect(m.session.refusals.map((r) => r.code)).toEqual(["analysis-incomplete"]);
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
