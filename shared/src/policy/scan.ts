// What a scan of a target proposes: for every column that nobody has classified a class, and the lines of catalog.yaml that say so.
import type { CatalogSnapshot, SnapshotColumn, SnapshotRelation, SnapshotType } from "../catalog.ts";
import type { RelationName } from "../facts.ts";
import type { Drift } from "./drift.ts";
import { entryOf, type ListedTarget } from "./listing.ts";
import { type ColumnSample, type Proposal, propose } from "./propose.ts";
import type { PhiClass } from "./types.ts";

/** A relation with columns to be classified. */
export interface Unclassified {
  readonly relation: SnapshotRelation;
  readonly columns: readonly SnapshotColumn[];
  /** Nobody has listed the relation at all. */
  readonly whole: boolean;
}

export interface RelationProposal {
  readonly relation: RelationName;
  readonly whole: boolean;
  /** A view: its columns have the classes of what is behind them. */
  readonly derived: boolean;
  /** The column that says whose record a row is, as in other tables. */
  readonly subject: string | null;
  readonly columns: readonly (Proposal & { readonly column: string })[];
}

export function unclassified(drifts: readonly Drift[], snapshot: CatalogSnapshot): Unclassified[] {
  const found = new Map<RelationName, { whole: boolean; names: Set<string> }>();
  for (const drift of drifts) {
    const whole = drift.kind === "new-table" || drift.kind === "new-view" || drift.kind === "not-a-view";
    if (!whole && drift.kind !== "new-column") continue;
    const about = found.get(drift.relation) ?? { whole, names: new Set<string>() };
    if (drift.kind === "new-column") about.names.add(drift.column);
    found.set(drift.relation, about);
  }
  return snapshot.relations.flatMap((relation) => {
    const about = found.get(`${relation.schema}.${relation.name}`);
    if (about === undefined) return [];
    const columns = relation.columns.filter((column) => about.whole || about.names.has(column.name));
    return [{ relation, columns, whole: about.whole }];
  });
}

/** Values of a column: see `ColumnSample`. */
export type Samples = (relation: RelationName, column: string) => ColumnSample["values"];

export function proposals(
  open: readonly Unclassified[],
  about: {
    readonly listed: ListedTarget;
    readonly classes: ReadonlyMap<string, PhiClass>;
    readonly snapshot: CatalogSnapshot;
    readonly drifts: readonly Drift[];
  },
  samples: Samples,
): RelationProposal[] {
  const { listed, classes, snapshot, drifts } = about;
  const types = new Map(snapshot.types.map((type) => [type.oid, type]));
  const subjects = subjectsOf(listed);
  return open.map(({ relation, columns, whole }) => {
    const name = `${relation.schema}.${relation.name}`;
    const derived = whole && relation.kind === "view";
    const known = knownClasses(relation, { listed, snapshot, drifts });
    const proposed = columns.map((column) => ({
      column: column.name,
      ...(known(column.name) ??
        propose(
          { name: column.name, type: typeName(column.type, types), values: samples(name, column.name) },
          classes,
        )),
    }));
    const subject = whole ? (columns.find((column) => subjects.has(column.name))?.name ?? null) : null;
    return { relation: name, whole, derived, subject, columns: derived ? [] : proposed };
  });
}

/** A column that was renamed, a table that was renamed, a partition: what was said before is proposed again. */
function knownClasses(
  relation: SnapshotRelation,
  { listed, snapshot, drifts }: { listed: ListedTarget; snapshot: CatalogSnapshot; drifts: readonly Drift[] },
): (column: string) => Proposal | null {
  const name = `${relation.schema}.${relation.name}`;
  const said = (from: RelationName, column: string, reason: string): Proposal | null => {
    const dot = from.indexOf(".");
    const listing = entryOf(listed, from.slice(0, dot), from.slice(dot + 1))?.listing;
    const found = typeof listing === "object" ? listing.columns.get(column) : undefined;
    if (found === undefined) return null;
    return { class: found.length === 0 ? "none" : found.join(", "), confidence: "high", reason };
  };
  const moved = drifts.find((d) => d.kind === "gone-table" && d.now === name);
  const parents = snapshot.relations
    .filter((r) => relation.parents.includes(r.oid))
    .map((r) => `${r.schema}.${r.name}`);
  return (column) => {
    const renamed = drifts.find((d) => d.kind === "gone-column" && d.relation === name && d.now === column);
    if (renamed?.kind === "gone-column") return said(name, renamed.column, `it stands where ${renamed.column} was`);
    if (moved !== undefined) return said(moved.relation, column, `as in ${moved.relation}, which is gone`);
    for (const parent of parents) {
      const found = said(parent, column, `as in ${parent}, of which it is a part`);
      if (found !== null) return found;
    }
    return null;
  };
}

function subjectsOf(listed: ListedTarget): ReadonlySet<string> {
  const names = new Set<string>();
  for (const relations of listed.schemas.values())
    if (relations !== "none")
      for (const listing of relations.values()) {
        const subject = typeof listing === "object" ? listing.subject : null;
        if (subject !== null && subject !== "none" && subject.column !== "id") names.add(subject.column);
      }
  return names;
}

/** The name of the type, or of what a domain is made of. */
function typeName(oid: number, types: ReadonlyMap<number, SnapshotType>): string {
  let type = types.get(oid);
  for (let depth = 0; type?.kind === "d" && type.base !== undefined && depth < 16; depth++) type = types.get(type.base);
  return type === undefined || type.kind !== "b" ? "other" : type.name;
}

/** Lines for catalog.yaml, with the reasons as comments. What nothing is known of is a comment alone: it stays masked. */
export function fragment(target: string, proposed: readonly RelationProposal[]): string {
  const lines: string[] = [];
  const defined = new Map(
    proposed.flatMap((r) => r.columns.flatMap((c) => (c.define === undefined ? [] : [[c.class!, c.define] as const]))),
  );
  if (defined.size > 0) lines.push("classes:");
  for (const [name, { identifier, mask }] of defined)
    lines.push(`  ${name}: { identifier: ${identifier}, mask: ${mask === "null" ? '"null"' : mask} }`);
  lines.push("targets:", `  ${plain(target)}:`, "    schemas:");
  const schemas = new Map<string, RelationProposal[]>();
  for (const one of proposed) {
    const schema = one.relation.slice(0, one.relation.indexOf("."));
    schemas.set(schema, [...(schemas.get(schema) ?? []), one]);
  }
  for (const [schema, relations] of schemas) {
    lines.push(`      ${plain(schema)}:`);
    for (const relation of relations)
      lines.push(...relationLines(relation, relation.relation.slice(schema.length + 1)));
  }
  return `${lines.join("\n")}\n`;
}

function relationLines({ derived, whole, subject, columns }: RelationProposal, name: string): string[] {
  const head = `        ${plain(name)}:`;
  if (derived) return [`${head} derived`];
  if (whole && columns.length > 0 && columns.every((column) => column.class === "none"))
    return [`${head} none  # ${columns.map((c) => c.column).join(", ")}: keys and the like`];
  const lines = [whole ? head : `${head}  # is listed already: add these to its columns`];
  if (subject !== null) lines.push(`          subject: ${plain(subject)}`);
  lines.push("          columns:");
  for (const { column, class: named, confidence, reason } of columns) {
    const value = named === null ? null : named.includes(", ") ? `[${named}]` : named;
    const entry = value === null ? `# ${plain(column)}: ?` : `${plain(column)}: ${value}`;
    lines.push(`            ${entry.padEnd(30)}  # ${value === null ? "" : `${confidence}: `}${reason}`);
  }
  return lines;
}

/** A key of YAML: in quotes unless it cannot be taken for anything else. */
function plain(name: string): string {
  const word = /^[A-Za-z_][A-Za-z0-9_*$-]*$/.test(name) && !/^(null|true|false|yes|no|on|off|y|n)$/i.test(name);
  return word ? name : JSON.stringify(name);
}
