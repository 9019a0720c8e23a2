// A class for a column that nobody has classified, from its name, its type and what its values look like. People decide; this saves them typing.
import { type Kind, kindByName, kindNamed, wordsOf } from "./kinds.ts";
import { likeness } from "./looks.ts";
import type { PhiClass } from "./types.ts";

export type Confidence = "high" | "medium" | "low";

export interface Proposal {
  /** `none`, the name of a class, or null when nothing tells. */
  readonly class: string | null;
  /** Set when the catalog does not have the class yet. */
  readonly define?: Pick<PhiClass, "identifier" | "mask">;
  readonly confidence: Confidence;
  /** In words and counts; never a value. */
  readonly reason: string;
}

export interface ColumnSample {
  readonly name: string;
  /** The base type's name in pg_type: `text`, `int4`, `_text` ... */
  readonly type: string;
  /** Values in text form, without NULLs; null when they could not be read, undefined when nobody looked. */
  readonly values: readonly string[] | null | undefined;
}

const TEXTS: ReadonlySet<string> = new Set([
  "text",
  "varchar",
  "bpchar",
  "name",
  "citext",
  "json",
  "jsonb",
  "xml",
  "char",
]);
const NUMBERS: ReadonlySet<string> = new Set(["int2", "int4", "int8", "numeric", "float4", "float8", "money"]);
const DATES: ReadonlySet<string> = new Set(["date", "timestamp", "timestamptz", "daterange", "tsrange", "tstzrange"]);
/** Types that say by themselves what a column holds. */
const BY_TYPE: ReadonlyMap<string, string> = new Map([
  ["inet", "network-address"],
  ["cidr", "network-address"],
  ["macaddr", "device"],
  ["macaddr8", "device"],
  ["tsvector", "text-index"],
]);

/** So many values at least, for their looks to say something. */
const ENOUGH = 5;

export function propose(column: ColumnSample, classes: ReadonlyMap<string, PhiClass>): Proposal {
  const proposal = proposeClass(column, classes);
  return column.values === null
    ? { ...proposal, reason: `${proposal.reason} (its values could not be read)` }
    : proposal;
}

function proposeClass(column: ColumnSample, classes: ReadonlyMap<string, PhiClass>): Proposal {
  const type = column.type.replace(/^_/, "");
  const byType = BY_TYPE.get(type);
  if (byType !== undefined) return of(kindNamed(byType), classes, "high", `its type is ${type}`);
  if (isKey(column.name, type))
    return {
      class: "none",
      confidence: "medium",
      reason: "a key, by its name and type: numbers that the database counts",
    };
  return byLooks(column, type, classes) ?? byName(column.name, type, classes) ?? byTypeAlone(type, classes);
}

/** `id`, `patient_id` of a number type: surrogates. */
function isKey(name: string, type: string): boolean {
  return (
    (type === "int2" || type === "int4" || type === "int8") &&
    / id $/.test(wordsOf(name)) &&
    !/member|plan|policy|tax|national/.test(name)
  );
}

function byLooks(column: ColumnSample, type: string, classes: ReadonlyMap<string, PhiClass>): Proposal | null {
  if (!TEXTS.has(type) || !column.values) return null;
  const alike = likeness(column.values);
  if (alike === null || alike.of < ENOUGH) return null;
  const share = alike.alike / alike.of;
  const named = kindByName(column.name);
  const counted = `${alike.alike} of ${alike.of} sampled values look like ${alike.words}`;
  if (named !== null && agrees(named, alike.kind) && share >= 0.3)
    return of(named, classes, "high", `named like ${named.words}; ${counted}`);
  if (share >= 0.8) return of(kindNamed(alike.kind), classes, named === null ? "high" : "medium", counted);
  if (share >= 0.3 && named === null) return of(kindNamed(alike.kind), classes, "medium", counted);
  if (share >= 0.05 && named === null) return of(kindNamed(alike.kind), classes, "low", counted);
  return null;
}

/** Looks that fit what a name says, though they go by another kind. */
const FITTING: Readonly<Record<string, readonly string[]>> = {
  fax: ["phone"],
  "birth-date": ["service-date"],
  "death-date": ["service-date"],
  address: ["name", "zip", "free-text"],
  "free-text": ["name", "address"],
  clinical: ["free-text"],
};

function agrees(named: Kind, looks: string): boolean {
  return named.name === looks || (FITTING[named.name]?.includes(looks) ?? false);
}

function byName(name: string, type: string, classes: ReadonlyMap<string, PhiClass>): Proposal | null {
  const named = kindByName(name);
  if (named === null || type === "bool") return null;
  const fits =
    named.identifier !== "C" || named.name === "age" || DATES.has(type) || TEXTS.has(type) || NUMBERS.has(type);
  return fits ? of(named, classes, "medium", `named like ${named.words}`) : null;
}

function byTypeAlone(type: string, classes: ReadonlyMap<string, PhiClass>): Proposal {
  if (DATES.has(type)) return of(kindNamed("service-date"), classes, "medium", `its type is ${type}`);
  if (type === "bytea") return of(kindNamed("photo"), classes, "low", "bytes that nothing can be said of");
  if (type === "json" || type === "jsonb" || type === "xml")
    return of(kindNamed("free-text"), classes, "low", "a document that may hold anything");
  if (type === "uuid") return of(kindNamed("portal-id"), classes, "low", "a unique code");
  if (type === "bool")
    return { class: "none", confidence: "low", reason: "yes or no, and its name says nothing of a person" };
  return { class: null, confidence: "low", reason: "nothing tells what it holds: masked until somebody says" };
}

/** The catalog's own class: of the kind's name, else of its identifier and mask; else one to define. */
function of(kind: Kind, classes: ReadonlyMap<string, PhiClass>, confidence: Confidence, reason: string): Proposal {
  const same =
    classes.get(kind.name) ??
    [...classes.values()].find((c) => c.identifier === kind.identifier && c.mask === kind.mask);
  if (same !== undefined) return { class: same.name, confidence, reason };
  const define = { identifier: kind.identifier ?? "health", mask: kind.mask };
  return { class: kind.name, define, confidence, reason };
}
