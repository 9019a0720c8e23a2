// Names that mean another thing by now, and what is undone: a result is masked by the plan of what the target runs, in whatever order
// the messages come.
import { describe, expect, it, vi } from "vitest";
import { ContextTracker } from "#proxy/protocols/postgres/context.ts";
import { backend as b } from "#test/support/backend.ts";
import { FakeMachine, frontend as f } from "#test/support/fake-machine.ts";
import { toyAnalysis } from "#test/support/toy-analysis.ts";

/** All that the target looks at. */
const LONG = "n".repeat(63);

/** A machine that has said these simple queries, each answered by its tag. */
async function having(...queries: readonly (readonly [sql: string, tag: string, status: "I" | "T"])[]) {
  const m = new FakeMachine();
  for (const [sql, tag, status] of queries) {
    await m.client(f.query(sql));
    await m.server(b.complete(tag), b.ready(status));
  }
  await m.said();
  m.sent();
  return m;
}

/** What the rows of one column say that the target sends for the last command. */
async function rows(m: FakeMachine): Promise<string[]> {
  const types = m.sent();
  if (!/[EQ]/.test(types)) return [];
  await m.server(
    ...(types.includes("B") ? [b.bindComplete] : []),
    b.rowDescription("x"),
    b.dataRow("1"),
    b.complete("SELECT 1"),
  );
  return (await m.said()).filter((line) => line.startsWith("row"));
}

/** The columns of a temporary relation, as the next command is judged. */
async function columnsOf(m: FakeMachine, name: string) {
  await m.client(f.query("select 1"));
  return m.session.judged
    .at(-1)
    ?.context.temporary.get(name)
    ?.map((c) => c.sources.map((s) => s.column).join());
}

describe("a name that was made anew", () => {
  it("by SQL inside of a group means that", async () => {
    const m = await having(["begin", "BEGIN", "T"]);
    await m.client(f.parse("s", "select name"), f.parse("d", "deallocate s"), f.bind("", "d"), f.execute());
    await m.server(b.parseComplete, b.parseComplete, b.bindComplete, b.complete("DEALLOCATE"));
    await m.client(f.parse("p", "prepare s as select ssn"), f.bind("", "p"), f.execute());
    await m.server(b.parseComplete, b.bindComplete, b.complete("PREPARE"));
    await m.said();
    m.sent();
    await m.client(f.bind("", "s"), f.execute(), f.sync);
    expect(await rows(m)).toEqual(["row ***"]);
  });

  it("as a cursor inside of a group means that", async () => {
    const m = await having(["begin", "BEGIN", "T"]);
    await m.client(f.parse("s", "select name"), f.bind("c", "s"));
    await m.client(f.parse("d", "close c"), f.bind("", "d"), f.execute());
    await m.server(b.parseComplete, b.bindComplete, b.parseComplete, b.bindComplete, b.complete("CLOSE CURSOR"));
    await m.client(f.parse("p", "declare c cursor for select ssn"), f.bind("", "p"), f.execute());
    await m.server(b.parseComplete, b.bindComplete, b.complete("DECLARE CURSOR"));
    await m.said();
    m.sent();
    await m.client(f.execute("c"), f.sync);
    expect(await rows(m)).toEqual(["row ***"]);
  });

  it("is the same name when it is longer than the target looks", async () => {
    vi.spyOn(console, "error").mockReturnValue();
    const m = new FakeMachine();
    await m.client(f.parse(`${LONG}2`, "select name"), f.sync);
    await m.server(b.parseComplete, b.ready());
    await m.client(f.close("S", LONG), f.sync);
    await m.server(b.closeComplete, b.ready());
    await m.client(f.parse(`${LONG}1`, "select ssn"), f.sync);
    await m.server(b.parseComplete, b.ready());
    await m.said();
    m.sent();
    await m.client(f.bind("", `${LONG}2`), f.execute(), f.sync);
    expect(await rows(m)).toEqual(["row ***"]);
  });

  it("is not what a portal runs that was bound before", async () => {
    const m = await having(["prepare q as select ssn", "PREPARE", "I"], ["begin", "BEGIN", "T"]);
    await m.client(f.bind("p", "q"), f.sync);
    await m.server(b.bindComplete, b.ready("T"));
    for (const [sql, tag] of [
      ["deallocate q", "DEALLOCATE"],
      ["prepare q as select name", "PREPARE"],
    ] as const) {
      await m.client(f.query(sql));
      await m.server(b.complete(tag), b.ready("T"));
    }
    await m.said();
    m.sent();
    await m.client(f.execute("p"), f.sync);
    expect(await rows(m)).not.toContain("row 1");
    expect(m.session.refusals.map((r) => r.code)).toEqual(["analysis-incomplete"]);
  });
});

it("EXECUTE of a parsed EXECUTE is not taken for what that named when it was parsed", async () => {
  const m = await having(["prepare q as select name", "PREPARE", "I"]);
  await m.client(f.parse("s", "execute q"), f.sync);
  await m.server(b.parseComplete, b.ready());
  for (const [sql, tag] of [
    ["deallocate q", "DEALLOCATE"],
    ["prepare q as select ssn", "PREPARE"],
  ] as const) {
    await m.client(f.query(sql));
    await m.server(b.complete(tag), b.ready());
  }
  await m.client(f.query("execute s"));
  expect(m.session.judged.at(-1)?.resolve("prepared", "s")).toBeUndefined();
});

describe("FETCH from a portal that was bound", () => {
  it.each([
    ["an EXECUTE, whose name means another statement by now", ["prepare q as select name"], "s", "execute q"],
    ["what PREPARE made behind another statement", ["select name; prepare q as select ssn"], "q", null],
  ])("to %s is not taken for what that was", async (_, before, bound, parsed) => {
    const m = new FakeMachine();
    for (const sql of before) {
      await m.client(f.query(sql));
      const first = sql.startsWith("select") ? [b.rowDescription("name"), b.complete("SELECT 0")] : [];
      await m.server(...first, b.complete("PREPARE"), b.ready());
    }
    await m.client(f.query("begin"));
    await m.server(b.complete("BEGIN"), b.ready("T"));
    if (parsed !== null) await m.client(f.parse(bound, parsed));
    await m.client(f.bind("p", bound), f.sync);
    await m.server(...(parsed === null ? [] : [b.parseComplete]), b.bindComplete, b.ready("T"));
    await m.client(f.query("fetch all from p"));
    const named = m.session.judged.at(-1)?.resolve("cursor", "p");
    expect(named).toBeUndefined();
  });

  it("to a query is what the query is", async () => {
    const m = await having(["begin", "BEGIN", "T"]);
    await m.client(f.parse("s", "select ssn"), f.bind("p", "s"), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.ready("T"));
    m.sent();
    await m.client(f.query("fetch all from p"));
    expect(await rows(m)).toEqual(["row ***"]);
  });
});

describe("a portal of what the target looks up as it runs", () => {
  it("does not run once names may mean something else", async () => {
    const m = await having(["begin", "BEGIN", "T"]);
    await m.client(f.parse("s", "copy (select name) to stdout"), f.bind("p", "s"), f.sync);
    await m.server(b.parseComplete, b.bindComplete, b.ready("T"));
    await m.client(f.query("create temp table departments as select ssn"));
    await m.server(b.complete("SELECT 1"), b.ready("T"));
    m.sent();
    await m.client(f.execute("p"), f.sync);
    expect(m.sent()).toBe("S");
    expect(m.session.refusals.map((r) => r.code)).toEqual(["analysis-incomplete"]);
  });

  it("makes no temporary relation that holds less than the one before", () => {
    const context = new ContextTracker("clinic", "gateway", ["public"], "public");
    const [made] = toyAnalysis("create temp table t as select ssn").statements;
    const [again] = toyAnalysis("create temp table t as select name").statements;
    context.completed(made!, "SELECT 1", "");
    context.completed(again!, "INSERT 0 1", "");
    const [column] = context.current.temporary.get("t") ?? [];
    expect(column?.sources.map((source) => source.column)).toEqual(["ssn"]);
  });
});

describe("a temporary relation that was made anew and is undone", () => {
  const before = [
    ["create temp table t as select ssn", "SELECT 1", "I"],
    ["begin", "BEGIN", "T"],
    ["savepoint s", "SAVEPOINT", "T"],
    ["drop table t", "DROP TABLE", "T"],
    ["create temp table t as select name", "SELECT 1", "T"],
  ] as const;

  it("is not known after ROLLBACK TO", async () => {
    const m = await having(...before, ["rollback to s", "ROLLBACK", "T"]);
    expect(await columnsOf(m, "t")).toEqual([]);
  });

  it("is not known after ROLLBACK TO and COMMIT", async () => {
    const m = await having(...before, ["rollback to s", "ROLLBACK", "T"], ["commit", "COMMIT", "I"]);
    expect(await columnsOf(m, "t")).toEqual([]);
  });

  it("is the old one when COMMIT fails", async () => {
    const m = await having(...before);
    await m.client(f.query("commit"));
    await m.server(b.error("23505"), b.ready());
    expect(await columnsOf(m, "t")).toEqual(["ssn"]);
  });

  it("is the new one when an error was gone back from", async () => {
    const m = await having(["begin", "BEGIN", "T"], ["create temp table u as select ssn", "SELECT 1", "T"]);
    await m.client(f.query("select 1/0"));
    await m.server(b.error("22012"), b.ready("E"));
    for (const [sql, tag, status] of [
      ["rollback to s", "ROLLBACK", "T"],
      ["create temp table v as select ssn", "SELECT 1", "T"],
      ["commit", "COMMIT", "I"],
    ] as const) {
      await m.client(f.query(sql));
      await m.server(b.complete(tag), b.ready(status));
    }
    expect(await columnsOf(m, "v")).toEqual(["ssn"]);
  });

  it("is the old one when an error follows the COMMIT of what had failed", async () => {
    const m = await having(["create temp table t as select ssn", "SELECT 1", "I"], ["begin", "BEGIN", "T"]);
    await m.client(f.query("select 1/0"));
    await m.server(b.error("22012"), b.ready("E"));
    await m.client(f.query("commit; drop table t; create temp table t as select name; select 1/0"));
    await m.server(b.complete("ROLLBACK"), b.complete("DROP TABLE"), b.complete("SELECT 1"), b.error("22012"));
    await m.server(b.ready());
    expect(await columnsOf(m, "t")).toEqual(["ssn"]);
  });
});

describe("search_path that was changed in a transaction", () => {
  const inTransaction = async () => {
    const m = await having(["begin", "BEGIN", "T"]);
    await m.client(f.query("set local search_path = other"));
    await m.server(b.complete("SET"), b.parameter("search_path", "other"), b.ready("T"));
    await m.said();
    m.sent();
    return m;
  };

  it.each(["commit", "rollback", "rollback to s"])("may be another behind %s in the same string", async (end) => {
    const m = await inTransaction();
    await m.client(f.query(`${end}; select name from t`));
    expect(m.sent()).toBe("S");
    expect(m.session.refusals.map((r) => r.code)).toEqual(["analysis-incomplete"]);
  });

  it.each([
    ["commit", "COMMIT"],
    ["rollback", "ROLLBACK"],
  ])("is not known behind %s in the same group", async (end, tag) => {
    const m = await inTransaction();
    await m.client(f.run(end), f.run("select name from t"), f.sync);
    expect(m.sent()).toBe("PBDEH");
    await m.server(b.parseComplete, b.bindComplete, b.noData, b.complete(tag));
    expect((await m.said()).at(-1)).toContain("error 42501 search_path was changed");
  });

  it("is known again once the transaction has ended", async () => {
    const m = await inTransaction();
    await m.client(f.query("commit"));
    await m.server(b.complete("COMMIT"), b.parameter("search_path", "public"), b.ready());
    await m.client(f.query("begin; select name from t; commit; select name from t"));
    expect(m.session.judged.at(-1)?.context.searchPath).toEqual(["public"]);
    expect(m.sent()).toBe("QQ");
  });
});
