// Definitions: new relations carry what flows into them, and code in definitions is looked at.
import type { CreateStmt, IntoClause, RangeVar, ViewStmt } from "libpg-query";
import type { OutputFact } from "../../facts.ts";
import { markSeen } from "./check.ts";
import { outputsOf } from "./collect.ts";
import { fullName, isSystemSchema } from "./lookup.ts";
import { fieldsOf, findRelation, nameRelation } from "./relations.ts";
import { derivedItem, type Run, type Scope, scopeOf, valueAt } from "./scope.ts";
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
  const schema = rangeVar?.schemaname;
  const temporary = rangeVar?.relpersistence === "t" || schema === "pg_temp";
  if (temporary) {
    run.out.touch(`pg_temp.${name}`, "define", true);
    return { name, temporary };
  }
  const first = run.creation;
  if (schema === undefined && first === null) run.out.gap("undefined-relation", name);
  run.out.touch(`${schema ?? first ?? ""}.${name}`, "define", false);
  run.out.effects.push({ type: "catalog" });
  return { name: `${schema ?? first ?? ""}.${name}`, temporary };
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
  fill(run, created(run, body.view), renamed(fields, strings(body.aliases)));
}

export function createTable(run: Run, body: CreateStmt): void {
  run.out.kind = "define";
  run.out.literalFree = false;
  const made = created(run, body.relation);
  const columns: Field[] = [];
  for (const parent of body.inhRelations ?? []) columns.push(...like(run, bodyOf(parent, "RangeVar")));
  for (const element of body.tableElts ?? []) {
    const column = bodyOf(element, "ColumnDef");
    if (column !== null) columns.push({ name: column.colname ?? "", value: PLAIN });
    columns.push(...like(run, bodyOf(element, "TableLikeClause")?.relation ?? null));
  }
  const seen = new Set<string>();
  const own = columns.filter((c) => !seen.has(c.name) && seen.add(c.name));
  // Nothing is in the table yet, so its expressions see nothing.
  expressionsIn(run, body, scopeOf(null, [derivedItem(body.relation?.relname ?? "", own)]));
  if (made.temporary) fill(run, made, own);
}

/** The columns of a relation whose definition is taken over, without its data. */
function like(run: Run, rangeVar: RangeVar | null): Field[] {
  const named = rangeVar === null ? null : nameRelation(run, rangeVar);
  const fields = named?.relation != null ? fieldsOf(run, named.relation) : (named?.temporary ?? []);
  return fields.map((field) => ({ name: field.name, value: PLAIN }));
}

/** Statements whose code is stored, not run: what it does is judged when it runs. */
const STORED = new Set([
  "CreateFunctionStmt",
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
  for (const name of objectNames(body)) defineByName(run, name);
  if (STORED.has(tag) || tag === "RuleStmt") {
    markSeen(run.out, body);
    return;
  }
  const scope = scopeOf(null, main === null ? [] : [derivedItem(main.name, main.fields)]);
  expressionsIn(run, body, scope);
  if (main !== null) alterFlows(run, main, body as { cmds?: Node[] }, scope);
  markNames(run, body);
}

interface Main {
  readonly name: string;
  readonly full: string;
  readonly fields: readonly Field[];
}

function relationOf(run: Run, body: object): Main | null {
  const rangeVar = (body as { relation?: RangeVar }).relation;
  if (rangeVar?.relname === undefined) return null;
  const named = findRelation(run, rangeVar);
  const name = rangeVar.relname;
  if (named === null) {
    run.out.touch(`${rangeVar.schemaname ?? run.creation ?? ""}.${name}`, "define", false);
    return null;
  }
  if (named.relation === null) {
    run.out.touch(`pg_temp.${name}`, "define", true);
    return { name, full: `pg_temp.${name}`, fields: named.temporary ?? [] };
  }
  const full = fullName(named.relation);
  run.out.touch(full, "define", isSystemSchema(named.relation.schema));
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
  if (!/TABLE|VIEW|SEQUENCE|INDEX|COLUMN|TRIGGER|RULE|POLICY/.test(kind)) return [];
  const lists = [...(objects ?? []), ...(object === undefined ? [] : [object])];
  const names = lists.map((node) => strings(bodyOf(node, "List")?.items));
  return /COLUMN|TRIGGER|RULE|POLICY/.test(kind) ? names.map((name) => name.slice(0, -1)) : names;
}

function defineByName(run: Run, names: readonly string[]): void {
  const name = names.at(-1);
  if (name === undefined) return;
  const schemas = names.length > 1 ? [names.at(-2)!] : run.path;
  const schema =
    schemas.find((s) => run.base.lookup.relation(s, name) !== undefined) ?? (names.length > 1 ? names.at(-2)! : null);
  if (schema !== null) run.out.touch(`${schema}.${name}`, "define", isSystemSchema(schema));
  else if (run.temporary.has(name)) run.out.touch(`pg_temp.${name}`, "define", true);
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

/** Looks at each expression below a definition: it may be evaluated over every row, and fail or not. */
function expressionsIn(run: Run, value: unknown, scope: Scope): void {
  if (typeof value !== "object" || value === null) return;
  if (Array.isArray(value)) {
    for (const item of value) expressionsIn(run, item, scope);
    return;
  }
  for (const [key, child] of Object.entries(value))
    if (EXPRESSIONS.test(key)) run.out.influence(valueAt(run, value as Node, scope).sources, "other");
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
