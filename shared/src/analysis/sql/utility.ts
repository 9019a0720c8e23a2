// Statements that are not queries. Each type of statement is listed; one that is not is a gap.
import type { CallStmt, CopyStmt, ExplainStmt, GrantStmt, RangeVar, TransactionStmt } from "libpg-query";
import type { Action, Facts, SessionEffect, StatementKind } from "../../facts.ts";
import { callFunction } from "./calls.ts";
import { markSeen } from "./check.ts";
import { outputsOf } from "./collect.ts";
import { copyFormat } from "./copy-format.ts";
import { createAs, createTable, createView, ddl } from "./define.ts";
import { fullName } from "./lookup.ts";
import { predicate } from "./predicates.ts";
import { findRelation, namedItem, nameRelation, touchFamily } from "./relations.ts";
import { noteRead, type Run, rowsOf, type Scope, scopeOf, valuesAt } from "./scope.ts";
import { setStatement } from "./settings.ts";
import { type Body, bodyOf, type Node, strings, tagOf } from "./tree.ts";
import { derive, type Field, NO_ROWS, PLAIN, shows, type Value } from "./value.ts";

/** What the statements before this one, in the same command string, have named. */
export interface Names {
  readonly prepared: Map<string, Facts>;
  readonly cursors: Map<string, Facts>;
}

/** Analyses one statement that is not a query. */
export function utility(run: Run, node: Node, names: Names): void {
  const tag = tagOf(node);
  const body = tag === null ? undefined : (node as Record<string, unknown>)[tag];
  const handler = tag === null ? undefined : HANDLERS[tag];
  if (handler !== undefined) handler(run, body, names);
  else if (
    tag !== null &&
    /^(Create|Alter|Drop|Rename|Comment|SecLabel|Define|Index|Rule|Import|Composite|Reassign|View)/.test(tag)
  )
    ddl(run, tag, body as object);
  else run.out.gap("unknown-statement", tag ?? "");
}

/** Settings that the server does not spell in small letters. */
const CAPITALS: ReadonlyMap<string, string> = new Map(
  ["DateStyle", "IntervalStyle", "TimeZone"].map((name) => [name.toLowerCase(), name]),
);

type Handler = (run: Run, body: never, names: Names) => void;

const HANDLERS: Readonly<Record<string, (run: Run, body: unknown, names: Names) => void>> = Object.fromEntries(
  Object.entries<Handler>({
    CreateTableAsStmt: (run, body: Body<"CreateTableAsStmt">) =>
      createAs(run, body.query, body.into, body.objtype === "OBJECT_MATVIEW"),
    CreateStmt: createTable,
    ViewStmt: createView,
    ExplainStmt: explain,
    DeclareCursorStmt: (run, body: Body<"DeclareCursorStmt">, names) =>
      nested(run, "declare", body.portalname ?? "", body.query, names),
    PrepareStmt: (run, body: Body<"PrepareStmt">, names) => nested(run, "prepare", body.name ?? "", body.query, names),
    FetchStmt: (run, body: Body<"FetchStmt">, names) => {
      run.out.kind = "fetch";
      refer(run, "cursor", body.portalname ?? "", names.cursors, body.ismove !== true);
    },
    ExecuteStmt: (run, body: Body<"ExecuteStmt">, names) => {
      run.out.kind = "execute";
      for (const value of valuesAt(run, body.params, scopeOf(null))) {
        noteRead(run, value);
        // What was prepared shows its parameters, or searches by them.
        if (shows(value)) run.out.gap("carrier", "a parameter of EXECUTE");
      }
      // Parameters come first, and what was prepared is read anew.
      if (movesPath(run)) run.out.gap("setting", "search_path");
      refer(run, "prepared", body.name ?? "", names.prepared, true);
    },
    ClosePortalStmt: (run, body: { portalname?: string }) =>
      end(run, "close", { type: "close", name: body.portalname ?? null }),
    DeallocateStmt: (run, body: Body<"DeallocateStmt">) =>
      end(run, "deallocate", { type: "deallocate", name: body.isall === true ? null : (body.name ?? null) }),
    DiscardStmt: (run, body: Body<"DiscardStmt">) => {
      run.out.kind = "set";
      // DISCARD TEMP can be rolled back, so what temporary relations hold stays known.
      if (body.target === "DISCARD_ALL") run.out.effects.push({ type: "discard" }, { type: "search_path" });
    },
    CopyStmt: copy,
    VariableSetStmt: (run, body: Body<"VariableSetStmt">) => {
      run.out.kind = "set";
      setStatement(run, body);
    },
    VariableShowStmt: (run, body: Body<"VariableShowStmt">) => {
      run.out.kind = "show";
      const name = body.name ?? "";
      const columns = name === "all" ? ["name", "setting", "description"] : [CAPITALS.get(name.toLowerCase()) ?? name];
      run.out.outputs = outputsOf(columns.map((name) => ({ name, value: PLAIN })));
    },
    TransactionStmt: transaction,
    ConstraintsSetStmt: kind("transaction"),
    LockStmt: lock,
    TruncateStmt: (run, body: Body<"TruncateStmt">) => {
      each(run, "truncate", body.relations, "delete");
      // Triggers ON TRUNCATE run code of their own.
      for (const node of body.relations ?? []) {
        const rangeVar = bodyOf(node, "RangeVar");
        const relation = rangeVar === null ? undefined : findRelation(run, rangeVar)?.relation;
        if (relation != null) run.on.writing(run, relation);
      }
      // Which tables refer to these is not in the snapshot.
      if (body.behavior === "DROP_CASCADE") run.out.gap("cascade", "truncate");
    },
    VacuumStmt: (run, body: Body<"VacuumStmt">) => {
      run.out.kind = "maintain";
      for (const rel of body.rels ?? []) touch(run, bodyOf(rel, "VacuumRelation")?.relation, "write");
    },
    ClusterStmt: (run, body: Body<"ClusterStmt">) => one(run, body.relation),
    ReindexStmt: (run, body: Body<"ReindexStmt">) => {
      run.out.kind = "maintain";
      if (body.kind === "REINDEX_OBJECT_TABLE") touch(run, body.relation, "write");
      else if (body.relation !== undefined) run.out.seen.add(body.relation);
    },
    RefreshMatViewStmt: (run, body: Body<"RefreshMatViewStmt">) => one(run, body.relation),
    CheckPointStmt: kind("maintain"),
    ListenStmt: kind("listen"),
    UnlistenStmt: kind("listen"),
    NotifyStmt: kind("notify"),
    DoStmt: (run) => {
      run.out.kind = "do";
      run.out.gap("opaque-code", "do");
    },
    CallStmt: call,
    GrantStmt: grant,
    GrantRoleStmt: (run) => end(run, "grant", { type: "catalog" }),
    AlterDefaultPrivilegesStmt: (run, body: object) => {
      markSeen(run.out, body);
      end(run, "grant", { type: "catalog" });
    },
    LoadStmt: outside,
    AlterSystemStmt: outside,
    CreateRoleStmt: outside,
    AlterRoleStmt: outside,
    AlterRoleSetStmt: outside,
    DropRoleStmt: outside,
    AlterDatabaseSetStmt: outside,
    CreateFdwStmt: outside,
    AlterFdwStmt: outside,
    CreateForeignServerStmt: outside,
    AlterForeignServerStmt: outside,
    CreateUserMappingStmt: outside,
    AlterUserMappingStmt: outside,
    ImportForeignSchemaStmt: outside,
    CreateForeignTableStmt: outside,
    CreateSubscriptionStmt: outside,
    AlterSubscriptionStmt: outside,
    CreatePublicationStmt: outside,
    AlterPublicationStmt: outside,
    CreatePLangStmt: outside,
    CreateEventTrigStmt: outside,
    CreatedbStmt: outside,
    DropdbStmt: outside,
    ReassignOwnedStmt: outside,
    // ALL IN TABLESPACE: where tables are kept is not in the snapshot.
    AlterTableMoveAllStmt: outside,
    DropOwnedStmt: outside,
  }).map(([tag, handler]) => [tag, handler as (run: Run, body: unknown, names: Names) => void]),
);

/** A statement that neither names relations nor returns rows. */
function kind(name: StatementKind): Handler {
  return (run) => {
    run.out.kind = name;
  };
}

/** Roles, settings of the server, ways out of the database: nothing that can be followed from here. */
function outside(run: Run, body: object): void {
  run.out.kind = "define";
  run.out.literalFree = false;
  run.out.gap("outside", "roles, servers or settings beyond this session");
  markSeen(run.out, body);
  run.out.effects.push({ type: "catalog" });
}

function end(run: Run, kind: StatementKind, effect: SessionEffect): void {
  run.out.kind = kind;
  run.out.effects.push(effect);
}

function touch(run: Run, rangeVar: RangeVar | undefined, action: Action): void {
  const named = rangeVar === undefined ? null : nameRelation(run, rangeVar);
  if (named?.relation != null) touchFamily(run, named.relation, action);
  else if (named !== null) run.out.touch(`pg_temp.${rangeVar?.relname ?? ""}`, action, true);
}

function each(run: Run, kind: StatementKind, nodes: readonly Node[] | undefined, action: Action): void {
  run.out.kind = kind;
  for (const node of nodes ?? []) touch(run, bodyOf(node, "RangeVar") ?? undefined, action);
}

/** AccessShareLock and RowShareLock of storage/lockdefs.h: those that readers take. */
const READERS_LOCK = 2;

/** A view is locked with all that it is made from. */
function lock(run: Run, body: Body<"LockStmt">): void {
  const action = (body.mode ?? READERS_LOCK + 1) > READERS_LOCK ? "write" : "read";
  each(run, "lock", body.relations, action);
  for (const node of body.relations ?? []) {
    const rangeVar = bodyOf(node, "RangeVar");
    const relation = rangeVar === null ? undefined : findRelation(run, rangeVar)?.relation;
    if (relation?.kind === "view") run.on.view(run, relation);
  }
  for (const [relation, { system }] of run.out.relations) run.out.touch(relation, action, system);
}

function one(run: Run, relation: RangeVar | undefined): void {
  run.out.kind = "maintain";
  touch(run, relation, "write");
}

/** A statement that the client refers to by name: known from this command string, or to be looked up by who knows the session. */
function refer(
  run: Run,
  kind: "prepared" | "cursor",
  name: string,
  known: ReadonlyMap<string, Facts>,
  rows: boolean,
): void {
  const facts = known.get(name);
  if (facts === undefined) {
    run.out.refers = { kind, name };
    return;
  }
  run.out.adopt(facts);
  run.out.outputs = rows ? facts.outputs : null;
  run.out.rows = rows ? facts.rows : undefined;
}

/** DECLARE and PREPARE: judged like the query itself, and kept for when it runs. */
function nested(run: Run, kind: "declare" | "prepare", name: string, query: Node | undefined, names: Names): void {
  const rows = query === undefined ? null : run.on.statement(run, query, scopeOf(null));
  if (rows !== null) run.out.show(rows);
  // It is changed when this runs, by its name.
  if (movesPath(run)) run.out.gap("setting", "search_path");
  const inner: Facts = run.out.finish().facts;
  run.out.outputs = null;
  run.out.rows = undefined;
  run.out.kind = kind;
  (kind === "declare" ? names.cursors : names.prepared).set(name, inner);
  run.out.effects.push({ type: kind, name, facts: inner });
}

const movesPath = (run: Run): boolean => run.out.effects.some(({ type }) => type === "search_path");

function explain(run: Run, body: ExplainStmt, names: Names): void {
  const options = (body.options ?? []).map((node) => bodyOf(node, "DefElem")).filter((o) => o !== null);
  const analyze = options.some((o) => o.defname === "analyze" && !isOff(o.arg));
  const tag = body.query === undefined ? null : tagOf(body.query);
  let shown: readonly Field[] = [];
  if (tag === "ExecuteStmt" || tag === "CreateTableAsStmt" || tag === "DeclareCursorStmt") {
    utility(run, body.query!, names);
    // Without ANALYZE nothing comes to be.
    if (!analyze || tag === "DeclareCursorStmt") run.out.effects.length = 0;
    shown = (run.out.outputs ?? []).map((o) => ({
      name: o.name,
      value: { ...PLAIN, sources: new Set(o.sources.map((r) => run.base.lookup.ref(r.relation, r.column))) },
    }));
  } else if (body.query !== undefined) shown = run.on.statement(run, body.query, scopeOf(null)) ?? [];
  run.out.kind = "explain";
  if (analyze && run.out.refers !== undefined) run.out.refers = { ...run.out.refers, measured: true };
  // Estimates tell of the columns in conditions, which are noted as influence. What ANALYZE measures (memory, loops, blocks) tells
  // of every value that was computed, shown or not.
  // A function that says it is immutable is run by the planner, and its result stands in the plan.
  const folded = [...run.out.functions.values()].includes("analysed");
  const plan = analyze || folded ? derive([...shown.map((field) => field.value), whatWasRead(run)]) : PLAIN;
  run.out.show([{ name: "QUERY PLAN", value: { ...plan, rows: NO_ROWS } }]);
}

function whatWasRead(run: Run): Value {
  const refs = [...run.out.relations].flatMap(([relation, { columns }]) =>
    [...columns].map((column) => run.base.lookup.ref(relation, column)),
  );
  return { ...PLAIN, sources: new Set(refs) };
}

function isOff(arg: Node | undefined): boolean {
  const text =
    bodyOf(arg, "String")?.sval ?? (bodyOf(arg, "Integer") === null ? "on" : String(bodyOf(arg, "Integer")?.ival ?? 0));
  return ["off", "false", "0", "no"].includes(text.toLowerCase());
}

function copy(run: Run, body: CopyStmt): void {
  run.out.kind = body.is_from === true ? "copy-in" : "copy-out";
  if (body.is_from !== true) {
    run.out.copy = copyFormat(body.options);
    // Two COPY that differ in a delimiter are normalized alike, and written differently.
    if (body.options !== undefined) run.out.literalFree = false;
    // FORCE_QUOTE * names columns that are written anyway.
    markSeen(run.out, body.options);
  }
  if (body.filename !== undefined || body.is_program === true)
    run.out.gap("server-file", body.is_program === true ? "program" : "file");
  if (body.query !== undefined) {
    const rows = rowsOf(run, body.query, scopeOf(null));
    run.out.show(rows);
    exported(run);
    return;
  }
  const named = body.relation === undefined ? null : nameRelation(run, body.relation);
  if (named === null) return;
  const name = body.relation?.relname ?? "";
  const item = namedItem(run, name, named, body.is_from === true ? "write" : "read");
  const generated = new Set((named.relation?.columns ?? []).filter((c) => c.generated).map((c) => c.name));
  const listed = body.attlist === undefined ? null : strings(body.attlist);
  const columns = (listed ?? item.columns.map((c) => c.name).filter((c) => !generated.has(c))).flatMap((column) => {
    const field = item.columns.find((c) => c.name === column);
    if (field === undefined) run.out.gap("undefined-column", column);
    return field ?? [];
  });
  if (body.whereClause !== undefined) predicate(run, body.whereClause, scopeOf(null, [item]));
  if (body.is_from === true) {
    const relation = named.relation === null ? `pg_temp.${name}` : fullName(named.relation);
    for (const column of columns) run.out.flow(run.base.lookup.ref(relation, column.name), PLAIN);
    if (named.relation !== null) run.on.writing(run, named.relation);
    return;
  }
  for (const column of columns) noteRead(run, column.value);
  run.out.show(columns);
  exported(run);
}

function exported(run: Run): void {
  for (const [relation, notes] of run.out.relations)
    if (notes.actions.has("read")) run.out.touch(relation, "export", notes.system);
}

function transaction(run: Run, body: TransactionStmt): void {
  run.out.kind = "transaction";
  const effects: Partial<Record<string, Extract<SessionEffect, { type: "transaction" }>["what"]>> = {
    TRANS_STMT_BEGIN: "begin",
    TRANS_STMT_START: "begin",
    TRANS_STMT_COMMIT: "commit",
    TRANS_STMT_ROLLBACK: "rollback",
    TRANS_STMT_SAVEPOINT: "savepoint",
    TRANS_STMT_RELEASE: "release",
    TRANS_STMT_ROLLBACK_TO: "rollback-to",
    TRANS_STMT_PREPARE: "rollback",
  };
  const what = effects[body.kind ?? ""];
  if (what !== undefined) run.out.effects.push({ type: "transaction", what });
  // What the prepared transaction defined comes to be now.
  if (body.kind === "TRANS_STMT_COMMIT_PREPARED") run.out.effects.push({ type: "catalog" });
  if (body.chain === true) run.out.effects.push({ type: "transaction", what: "begin" });
}

function call(run: Run, body: CallStmt): void {
  run.out.kind = "call";
  if (body.funccall === undefined) return;
  const scope: Scope = scopeOf(null);
  const called = callFunction(run, body.funccall, scope);
  const { fields, column, value } = called;
  const single = column === null ? null : [{ name: column, value }];
  if (fields !== null || single !== null) run.out.show(fields ?? single!);
}

function grant(run: Run, body: GrantStmt): void {
  run.out.kind = "grant";
  run.out.effects.push({ type: "catalog" });
  for (const node of body.objects ?? []) {
    const relation = bodyOf(node, "RangeVar");
    if (relation !== null && findRelation(run, relation) !== null) touch(run, relation, "grant");
    const schema = bodyOf(node, "String")?.sval;
    if (body.targtype !== "ACL_TARGET_ALL_IN_SCHEMA" || schema === undefined) continue;
    for (const r of run.base.lookup.snapshot.relations)
      if (r.schema === schema) run.out.touch(fullName(r), "grant", false);
  }
}
