// Definitions: new relations carry what flows into them, and code in definitions is looked at.
import type { CreateStmt, IntoClause, RangeVar, ViewStmt } from "libpg-query";
import type { Action, OutputFact } from "../../facts.ts";
import { markSeen } from "./check.ts";
import { outputsOf } from "./collect.ts";
import { fullName, isSystemSchema } from "./lookup.ts";
import { isTemporarySchema } from "./path.ts";
import { define, reach } from "./reach.ts";
import { fieldsOf, findRelation, nameRelation } from "./relations.ts";
import { canFail, derivedItem, type Run, type Scope, scopeOf, valueAt } from "./scope.ts";
import { bodyOf, type Node, strings, tagOf } from "./tree.ts";
import { derive, type Field, PLAIN } from "./value.ts";

interface NewRelation {
  readonly name: string;
  readonly temporary: boolean;
}

/** Where a new relation comes to be: RangeVarGetCreationNamespace. */
function created(run: Run, rangeVar: RangeVar | undefined): NewRelation {
  if (rangeVar !== undefined) run.out.seen.add(rangeVar);
  const name = rangeVar?.relname ?? "";
  const schema = rangeVar?.schemaname ?? run.creation;
  const temporary = rangeVar?.relpersistence === "t" || isTemporarySchema(schema ?? "");
  if (temporary) {
    run.out.touch(`pg_temp.${name}`, "define", true);
    return { name, temporary };
  }
  if (schema === null) run.out.gap("undefined-relation", name);
  run.out.touch(`${schema ?? ""}.${name}`, "define", false);
  run.out.effects.push({ type: "catalog" });
  return { name: `${schema ?? ""}.${name}`, temporary };
}

/** Notes what flows into a new relation's columns. */
function fill(run: Run, made: NewRelation, fields: readonly Field[]): void {
  const { lookup } = run.base;
  const own = made.temporary ? `pg_temp.${made.name}` : made.name;
  for (const field of fields) run.out.flow(lookup.ref(own, field.name), field.value);
  if (made.temporary)
    run.out.effects.push({ type: "temporary", name: made.name, columns: kept(run, made.name, outputsOf(fields)) });
}

/** A temporary relation of a name that was used before may turn out to be the old one (a rollback), so it keeps all that flowed there. */
function kept(run: Run, name: string, columns: readonly OutputFact[]): readonly OutputFact[] {
  const before = (run.temporary.get(name) ?? []).flatMap((column) => column.sources);
  if (before.length === 0) return columns;
  return columns.map((column) => ({
    name: column.name,
    sources: [...new Set([...column.sources, ...before])],
    direct: false,
  }));
}

const renamed = (fields: readonly Field[], names: readonly string[]): Field[] =>
  fields.map((field, i) => ({ name: names[i] ?? field.name, value: field.value }));

/** CREATE TABLE AS, SELECT INTO, CREATE MATERIALIZED VIEW. */
export function createAs(run: Run, query: Node | undefined, into: IntoClause | undefined, matview: boolean): void {
  run.out.kind = "define";
  if (into !== undefined) run.out.seen.add(into);
  if (query !== undefined && tagOf(query) === "ExecuteStmt") {
    run.out.gap("opaque-code", "create table as execute");
    markSeen(run.out, query);
  }
  const fields =
    query === undefined || tagOf(query) === "ExecuteStmt" ? [] : (run.on.statement(run, query, scopeOf(null)) ?? []);
  run.out.kind = "define";
  const made = created(run, into?.rel);
  if (!made.temporary) run.out.touch(made.name, "write", false);
  if (matview) run.out.literalFree = false;
  fill(run, made, renamed(fields, strings(into?.colNames)));
}

export function createView(run: Run, body: ViewStmt): void {
  run.out.kind = "define";
  const fields = body.query === undefined ? [] : (run.on.statement(run, body.query, scopeOf(null)) ?? []);
  run.out.kind = "define";
  run.out.literalFree = false;
  const made = created(run, body.view);
  // It shows what is behind it at the time when it is read, and passes writes on: more than is kept of a temporary relation. A view
  // of something temporary is temporary too.
  if (made.temporary || [...run.out.relations.keys()].some((name) => name.startsWith("pg_temp.") && name !== made.name))
    run.out.gap("temporary", "view");
  fill(run, made, renamed(fields, strings(body.aliases)));
}

export function createTable(run: Run, body: CreateStmt): void {
  run.out.kind = "define";
  run.out.literalFree = false;
  const made = created(run, body.relation);
  if (made.temporary) temporaryTable(run, body);
  const columns: Field[] = [];
  for (const parent of body.inhRelations ?? []) columns.push(...like(run, bodyOf(parent, "RangeVar"), "define"));
  for (const element of body.tableElts ?? []) {
    const column = bodyOf(element, "ColumnDef");
    if (column !== null) columns.push({ name: column.colname ?? "", value: PLAIN });
    columns.push(...like(run, bodyOf(element, "TableLikeClause")?.relation ?? null, "read"));
  }
  const seen = new Set<string>();
  const own = columns.filter((c) => !seen.has(c.name) && seen.add(c.name));
  // Nothing is in the table yet, so its expressions see nothing.
  expressionsIn(run, body, scopeOf(null, [derivedItem(body.relation?.relname ?? "", own)]));
  markNames(run, body);
  if (made.temporary) fill(run, made, own);
}

/**
 * A temporary table is known by what was written into its columns by name. What gives values to columns in another way is not
 * followed: rows that are a parent's rows too, columns computed from others, keys that change with another table's.
 */
function temporaryTable(run: Run, body: CreateStmt): void {
  if (body.inhRelations !== undefined) run.out.gap("temporary", "inheritance or partition");
  const constraints = (body.tableElts ?? []).flatMap((element) => {
    const own = bodyOf(element, "Constraint");
    return own === null ? (bodyOf(element, "ColumnDef")?.constraints ?? []).map((c) => bodyOf(c, "Constraint")) : [own];
  });
  if (constraints.some((c) => c?.contype === "CONSTR_GENERATED")) run.out.gap("temporary", "generated column");
  if (constraints.some((c) => c?.contype === "CONSTR_FOREIGN" && c.fk_upd_action === "c"))
    run.out.gap("temporary", "foreign key with cascade");
  for (const element of body.tableElts ?? []) {
    const taken = bodyOf(element, "TableLikeClause");
    const from = taken?.relation === undefined ? null : findRelation(run, taken.relation);
    const generated = ((taken?.options ?? 0) & LIKE_GENERATED) !== 0;
    if (generated && from?.relation?.columns.some((c) => c.generated) === true)
      run.out.gap("temporary", "generated column");
  }
}

/** CREATE_TABLE_LIKE_GENERATED of nodes/parsenodes.h */
const LIKE_GENERATED = 1 << 4;

/** The columns of a relation whose definition is taken over, without its data. */
function like(run: Run, rangeVar: RangeVar | null, action: Action): Field[] {
  const named = rangeVar === null ? null : nameRelation(run, rangeVar);
  if (named?.relation != null) run.out.touch(fullName(named.relation), action, isSystemSchema(named.relation.schema));
  else if (named !== null) run.out.touch(`pg_temp.${rangeVar?.relname ?? ""}`, action, true);
  const fields = named?.relation != null ? fieldsOf(run, named.relation) : (named?.temporary ?? []);
  return fields.map((field) => ({ name: field.name, value: PLAIN }));
}

/** Statements whose code is stored, not run: what it does is judged when it runs. */
const STORED = new Set([
  "CreateFunctionStmt",
  "AlterFunctionStmt",
  "CreateCastStmt",
  "CreateTrigStmt",
  "CreatePolicyStmt",
  "AlterPolicyStmt",
  "CreateDomainStmt",
  "AlterDomainStmt",
]);

/** Any other definition: the relations it names, and the expressions it evaluates over their rows. */
export function ddl(run: Run, tag: string, body: object): void {
  run.out.kind = "define";
  run.out.literalFree = false;
  run.out.effects.push({ type: "catalog" });
  if (tag === "RuleStmt") run.out.gap("rule", "create rule");
  const main = relationOf(run, body);
  if (main?.full.startsWith("pg_temp.") === true) {
    alterTemporary(run, tag, body as { cmds?: Node[] });
    const held = main.fields.filter((field) => columnsHeld(body).has(field.name));
    canFail(
      run,
      held.map((field) => field.value),
    );
  }
  for (const name of objectNames(body)) defineByName(run, name);
  newType(run, body);
  if (tag === "RenameStmt" && main !== null) renameTemporary(run, main, body);
  reach(run, tag, body);
  if (STORED.has(tag) || tag === "RuleStmt") {
    markSeen(run.out, body);
    return;
  }
  const scope = scopeOf(null, main === null ? [] : [derivedItem(main.name, main.fields)]);
  expressionsIn(run, body, scope);
  if (main !== null) alterFlows(run, main, body as { cmds?: Node[] }, scope);
  markNames(run, body);
}

/** A type of this session's own is found before all others of its name, and no snapshot has it. */
function newType(run: Run, body: object): void {
  const { typevar, domainname, typeName } = body as { typevar?: RangeVar; domainname?: Node[]; typeName?: Node[] };
  const names = strings(domainname ?? typeName);
  const given = typevar === undefined ? names.slice(0, -1).at(-1) : typevar.schemaname;
  if (typevar === undefined && names.length === 0) return;
  if (isTemporarySchema(given ?? run.creation ?? "")) run.out.gap("temporary", "type");
}

/** It holds what it held, and comes before all others of its new name. */
function renameTemporary(run: Run, main: Main, body: { renameType?: string; newname?: string }): void {
  const isRelation = /^OBJECT_(TABLE|VIEW|MATVIEW|SEQUENCE|INDEX|FOREIGN_TABLE)$/.test(body.renameType ?? "");
  if (!isRelation || !main.full.startsWith("pg_temp.") || body.newname === undefined) return;
  const columns = kept(run, body.newname, outputsOf(main.fields));
  run.out.effects.push({ type: "temporary", name: body.newname, columns });
}

interface Main {
  readonly name: string;
  readonly full: string;
  readonly fields: readonly Field[];
}

function relationOf(run: Run, body: object): Main | null {
  // CREATE and ALTER POLICY call it `table`.
  const { relation, table } = body as { relation?: RangeVar; table?: RangeVar };
  const rangeVar = relation ?? table;
  if (rangeVar?.relname === undefined) return null;
  const named = findRelation(run, rangeVar);
  const name = rangeVar.relname;
  if (named === null) {
    if (isTemporarySchema(rangeVar.schemaname ?? "")) run.out.gap("undefined-relation", `pg_temp.${name}`);
    run.out.touch(`${rangeVar.schemaname ?? run.creation ?? ""}.${name}`, "define", false);
    return null;
  }
  if (named.relation === null) {
    run.out.touch(`pg_temp.${name}`, "define", true);
    return { name, full: `pg_temp.${name}`, fields: named.temporary ?? [] };
  }
  const full = fullName(named.relation);
  define(run, named.relation);
  return { name, full, fields: fieldsOf(run, named.relation) };
}

/** DROP and COMMENT name objects by lists of strings. */
function objectNames(body: object): string[][] {
  const { objects, object, removeType, objtype } = body as {
    objects?: Node[];
    object?: Node;
    removeType?: string;
    objtype?: string;
  };
  const kind = removeType ?? objtype ?? "";
  if (!/TABLE|VIEW|SEQUENCE|INDEX|COLUMN|TRIGGER|RULE|POLICY|TABCONSTRAINT/.test(kind)) return [];
  const lists = [...(objects ?? []), ...(object === undefined ? [] : [object])];
  const names = lists.map((node) => strings(bodyOf(node, "List")?.items));
  return /COLUMN|TRIGGER|RULE|POLICY|TABCONSTRAINT/.test(kind) ? names.map((name) => name.slice(0, -1)) : names;
}

function defineByName(run: Run, names: readonly string[]): void {
  const name = names.at(-1);
  if (name === undefined) return;
  const schemas = names.length > 1 ? [names.at(-2)!] : run.path;
  const found = schemas.map((s) => run.base.lookup.relation(s, name)).find((relation) => relation !== undefined);
  const schema = names.length > 1 ? names.at(-2)! : null;
  if (found !== undefined) define(run, found);
  else if (schema !== null) run.out.touch(`${schema}.${name}`, "define", isSystemSchema(schema));
  // It comes first, unless it is gone by now.
  if (schema === null && run.temporary.has(name)) run.out.touch(`pg_temp.${name}`, "define", true);
}

/** ALTER TABLE can compute a column from others (USING, GENERATED, DEFAULT of a new column). */
function alterFlows(run: Run, main: Main, body: { cmds?: Node[] }, scope: Scope): void {
  for (const node of body.cmds ?? []) {
    const command = bodyOf(node, "AlterTableCmd");
    const column = bodyOf(command?.def, "ColumnDef");
    const name = column?.colname ?? command?.name;
    if (column === null || name === undefined) continue;
    const expressions = [
      column.raw_default,
      ...(column.constraints ?? []).map((c) => bodyOf(c, "Constraint")?.raw_expr),
    ];
    const values = expressions.filter((e) => e !== undefined).map((e) => valueAt(run, e, scope));
    run.out.flow(run.base.lookup.ref(main.full, name), derive(values));
  }
}

const EXPRESSIONS =
  /^(ColumnRef|FuncCall|A_Expr|TypeCast|BoolExpr|SubLink|CaseExpr|CoalesceExpr|MinMaxExpr|NullTest|BooleanTest|A_Indirection|A_ArrayExpr|RowExpr|CollateClause|XmlExpr|Json.*Expr|Json.*Constructor|JsonIsPredicate|SQLValueFunction)$/;

/** What makes a temporary relation more than the columns that were written by name. */
function alterTemporary(run: Run, tag: string, body: { cmds?: Node[] }): void {
  if (tag === "CreateTrigStmt") run.out.gap("temporary", "trigger");
  for (const node of body.cmds ?? [])
    if (/^AT_(AddInherit|AttachPartition)$/.test(bodyOf(node, "AlterTableCmd")?.subtype ?? ""))
      run.out.gap("temporary", "inheritance or partition");
}

/** Columns that a definition holds to something by name (a key, a type, not to be null), which fails for some values. */
function columnsHeld(definition: unknown, names = new Set<string>()): ReadonlySet<string> {
  if (typeof definition !== "object" || definition === null) return names;
  const { IndexElem, Constraint, AlterTableCmd } = definition as {
    IndexElem?: { name?: string };
    Constraint?: { keys?: Node[]; fk_attrs?: Node[] };
    AlterTableCmd?: { subtype?: string; name?: string };
  };
  const held = /^AT_(AlterColumnType|SetNotNull)$/.test(AlterTableCmd?.subtype ?? "") ? AlterTableCmd?.name : undefined;
  for (const name of [
    IndexElem?.name,
    held,
    ...strings([...(Constraint?.keys ?? []), ...(Constraint?.fk_attrs ?? [])]),
  ])
    if (name !== undefined) names.add(name);
  for (const child of Object.values(definition)) columnsHeld(child, names);
  return names;
}

/** The limits of a range partition, where MINVALUE and MAXVALUE look like columns to the grammar. */
const BOUNDS = /^(lower|upper)datums$/;

function isUnbounded(run: Run, node: Node): boolean {
  const column = bodyOf(node, "ColumnRef");
  const [name, second] = strings(column?.fields);
  if (column === null || second !== undefined || !/^(min|max)value$/.test(name ?? "")) return false;
  run.out.seen.add(column);
  return true;
}

/** Looks at each expression below a definition: it may be evaluated over every row, and fail or not. */
function expressionsIn(run: Run, value: unknown, scope: Scope): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) expressionsIn(run, item, scope);
    return;
  }
  for (const [key, child] of Object.entries(value))
    if (BOUNDS.test(key))
      expressionsIn(
        run,
        (child as Node[]).filter((node) => !isUnbounded(run, node)),
        scope,
      );
    else if (EXPRESSIONS.test(key)) run.out.influence(valueAt(run, value as Node, scope).sources, "other");
    else expressionsIn(run, child, scope);
}

/** The remaining names of relations (parents, partitions, referenced tables) are part of the definition. */
function markNames(run: Run, value: unknown): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) markNames(run, item);
    return;
  }
  const rangeVar = value as RangeVar;
  if (rangeVar.relname !== undefined && rangeVar.relpersistence !== undefined && !run.out.seen.has(rangeVar)) {
    run.out.seen.add(rangeVar);
    defineByName(run, rangeVar.schemaname === undefined ? [rangeVar.relname] : [rangeVar.schemaname, rangeVar.relname]);
  }
  for (const child of Object.values(value)) markNames(run, child);
}
