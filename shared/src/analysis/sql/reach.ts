// Definitions that reach relations which they do not name: a schema with all that is in it, a type with the columns that have it.
import type { SnapshotColumn, SnapshotRelation } from "../../catalog.ts";
import { fullName, isSystemSchema } from "./lookup.ts";
import { type Run, scopeOf } from "./scope.ts";
import { bodyOf, type Node, strings } from "./tree.ts";
import { baseOf } from "./types.ts";

/** Notes that a relation is defined anew, and with it those that inherit from it. */
export function define(run: Run, relation: SnapshotRelation): void {
  const system = isSystemSchema(relation.schema);
  run.out.touch(fullName(relation), "define", system);
  for (const child of run.base.lookup.descendants(relation)) run.out.touch(fullName(child), "define", system);
}

interface Reaching {
  readonly objects?: readonly Node[];
  readonly removeType?: string;
  readonly behavior?: string;
  readonly objtype?: string;
  readonly cmds?: readonly Node[];
  readonly schemaname?: string;
  readonly authrole?: { readonly rolename?: string };
  readonly schemaElts?: readonly Node[];
  readonly typeName?: readonly Node[];
  readonly subtype?: string;
  readonly renameType?: string;
  readonly options?: readonly Node[];
  readonly constrrel?: { readonly schemaname?: string; readonly relname?: string };
}

export function reach(run: Run, tag: string, body: Reaching): void {
  if (tag === "CreateSchemaStmt") inNewSchema(run, body);
  // Add, validate, set not null: of AlterDomainStmt in nodes/parsenodes.h.
  if (tag === "AlterDomainStmt" && /^[CVO]$/.test(body.subtype ?? "")) alterDomain(run, strings(body.typeName));
  if (tag === "DropStmt") drop(run, body);
  // CREATE CONSTRAINT TRIGGER ... FROM the other table of the constraint.
  const { schemaname, relname } = body.constrrel ?? {};
  const other = named(
    run,
    [schemaname, relname].filter((name) => name !== undefined),
  );
  if (other !== undefined) run.out.touch(fullName(other), "read", isSystemSchema(other.schema));
  if (tag === "CreateSeqStmt" || tag === "AlterSeqStmt") owner(run, body);
  // Which tables are made of a row type is not in the snapshot.
  const changes = (body.cmds ?? []).map((node) => bodyOf(node, "AlterTableCmd")?.behavior);
  const type = body.objtype === "OBJECT_TYPE" || body.renameType === "OBJECT_ATTRIBUTE";
  if (type && [...changes, body.behavior].includes("DROP_CASCADE")) run.out.gap("cascade", "alter type");
}

/** CREATE SCHEMA name CREATE TABLE ...: each is a statement of its own, whose names stand in the new schema. */
function inNewSchema(run: Run, body: Reaching): void {
  const creation = body.schemaname ?? body.authrole?.rolename;
  if (creation === undefined && body.schemaElts !== undefined) run.out.gap("undefined-schema", "create schema");
  for (const element of body.schemaElts ?? [])
    run.on.statement({ ...run, creation: creation ?? null }, element, scopeOf(null));
  run.out.kind = "define";
}

function drop(run: Run, body: Reaching): void {
  const { lookup } = run.base;
  for (const node of body.objects ?? []) {
    // The rows of a partition, or of what inherits, are its parent's rows.
    const relation = body.removeType === "OBJECT_TABLE" ? named(run, strings(bodyOf(node, "List")?.items)) : undefined;
    for (const oid of relation?.parents ?? []) {
      const parent = lookup.relationByOid(oid);
      if (parent !== undefined) run.out.touch(fullName(parent), "define", false);
    }
    if (body.behavior !== "DROP_CASCADE") continue;
    const schema = body.removeType === "OBJECT_SCHEMA" ? bodyOf(node, "String")?.sval : undefined;
    for (const each of lookup.snapshot.relations)
      if (each.schema === schema && each.kind !== "composite") define(run, each);
    for (const column of columnsOf(run, strings(bodyOf(node, "TypeName")?.names))) define(run, column.relation);
  }
}

/** OWNED BY table.column: the sequence goes when the column does. */
function owner(run: Run, body: Reaching): void {
  for (const node of body.options ?? []) {
    const option = bodyOf(node, "DefElem");
    const names = option?.defname === "owned_by" ? strings(bodyOf(option.arg, "List")?.items) : [];
    const relation = names.length > 1 ? named(run, names.slice(0, -1)) : undefined;
    if (relation !== undefined) run.out.touch(fullName(relation), "read", isSystemSchema(relation.schema));
  }
}

function named(run: Run, names: readonly string[]): SnapshotRelation | undefined {
  const schemas = names.length > 1 ? [names.at(-2)!] : run.path;
  return schemas.map((s) => run.base.lookup.relation(s, names.at(-1) ?? "")).find((relation) => relation !== undefined);
}

/** A new constraint is tried on every value that the domain's columns hold, and fails or not. */
function alterDomain(run: Run, names: readonly string[]): void {
  for (const { relation, column } of columnsOf(run, names)) {
    define(run, relation);
    run.out.influence(new Set([run.base.lookup.ref(fullName(relation), column.name)]), "other");
  }
}

interface Column {
  readonly relation: SnapshotRelation;
  readonly column: SnapshotColumn;
}

/** Columns of the type of that name, of its arrays, and of domains over these; none of a type that the snapshot does not have. */
function columnsOf(run: Run, names: readonly string[]): Column[] {
  const { lookup } = run.base;
  const schemas = names.length > 1 ? [names.at(-2)!] : run.path;
  const type = schemas.map((s) => lookup.type(s, names.at(-1) ?? "")).find((found) => found !== undefined)?.oid;
  if (type === undefined) return [];
  const is = (oid: number): boolean => {
    const found = lookup.typeByOid(oid);
    if (oid === type || found?.element === type) return true;
    return found?.kind === "d" && found.base !== undefined && found.base !== oid && is(found.base);
  };
  const stored = lookup.snapshot.relations.filter(({ kind }) => /^(table|partitioned|matview|foreign)$/.test(kind));
  return stored.flatMap((relation) =>
    relation.columns
      .filter((column) => is(column.type) || is(baseOf(run, column.type)))
      .map((column) => ({ relation, column })),
  );
}
