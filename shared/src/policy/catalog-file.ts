// catalog.yaml as it is written: classes, and per target what each column holds.
import { z } from "zod";
import { formatProblem } from "../masking/detectors/records.ts";
import { parsePath } from "../masking/json-paths.ts";
import { DETECTORS } from "../masking/scan.ts";
import type { MaskName } from "../masking/types.ts";
import { Catalog } from "./catalog.ts";
import type { DeclaredFunction, ListedRelation, ListedTarget, Listing } from "./listing.ts";
import { type JsonClasses, type PhiClass, type Problem, UNCLASSIFIED } from "./types.ts";
import { type Read, readYaml, type Say } from "./yaml.ts";

export const MASKS = [
  "redact",
  "last4",
  "initial",
  "year",
  "zip3",
  "age-band",
  "pseudonym",
  "null",
  "scan",
] as const satisfies readonly MaskName[];

const NAME = /^[a-z][a-z0-9]*([_-][a-z0-9]+)*$/;
const RESERVED = new Set(["none", UNCLASSIFIED]);

const none = z.literal("none");
const classesSchema = z.union([z.string(), z.array(z.string()).min(1)], {
  error: "expected a class, a list of classes, or none",
});
const columnSchema = z.union(
  [
    classesSchema,
    /** A document: `class` is what no path names. */
    z.strictObject({ class: classesSchema.optional(), paths: z.record(z.string(), classesSchema) }),
  ],
  { error: "expected a class, a list of classes, none, or paths with their classes" },
);
const subjectSchema = z.union(
  [z.string(), z.strictObject({ column: z.string(), of: z.string().regex(NAME, "expected lower-case words") })],
  { error: "expected a column, none, or a column and of what" },
);
const relationSchema = z.union(
  [
    none,
    z.literal("derived"),
    z.strictObject({ subject: subjectSchema.optional(), columns: z.record(z.string(), columnSchema) }),
  ],
  { error: "expected none, derived, or columns with their classes" },
);
const targetSchema = z.union(
  [
    none,
    z.strictObject({
      schemas: z.record(
        z.string(),
        z.union([none, z.record(z.string(), relationSchema)], { error: "expected none, or tables" }),
      ),
      records: z
        .array(
          z.union([z.string(), z.strictObject({ format: z.string(), check: z.literal("luhn") })], {
            error: "expected a format such as MRN-#######, or a format and its check",
          }),
        )
        .optional(),
      functions: z
        .record(
          z.string().regex(/^[^.]+\..+$/, "expected schema.name"),
          z.strictObject({ reveals: z.enum(["nothing", "arguments"]), reason: z.string().min(1) }),
        )
        .optional(),
    }),
  ],
  { error: "expected none, or schemas" },
);

const classSchema = z.strictObject({
  identifier: z.string(),
  // YAML reads an unquoted null as no value: here it can only mean the mask.
  mask: z.preprocess((value) => (value === null ? "null" : value), z.string()),
  /** Of scan; all when absent. */
  detectors: z.array(z.string()).min(1).optional(),
});
const fileSchema = z.strictObject({
  classes: z.record(z.string(), classSchema),
  targets: z.record(z.string(), targetSchema),
});

type CatalogFile = z.infer<typeof fileSchema>;

export interface CatalogRead {
  readonly catalog: Catalog;
  /** The parsed file: part of what the bundle's version is made of. */
  readonly content: CatalogFile;
  /** A problem at the line where the file speaks of a target. */
  readonly atTarget: (target: string, message: string) => Problem;
}

export function readCatalog(text: string): Read<CatalogRead> {
  return readYaml("catalog.yaml", text, fileSchema, (content, say, problems) => {
    const classes = new Map<string, PhiClass>();
    for (const [name, entry] of Object.entries(content.classes)) {
      problems.push(...classProblems(name, entry, say));
      classes.set(name, { name, ...entry, mask: maskOf(entry) ?? "redact", detectors: entry.detectors ?? [] });
    }
    const targets = new Map<string, ListedTarget>();
    for (const [name, entry] of Object.entries(content.targets)) {
      if (entry !== "none") targets.set(name, readTarget(name, entry, classes, say, problems));
    }
    return {
      catalog: new Catalog(classes, targets),
      content,
      atTarget: (target, message) => say(["targets", target], message),
    };
  });
}

function classProblems(name: string, entry: CatalogFile["classes"][string], say: Say): Problem[] {
  const path = ["classes", name];
  const problems: Problem[] = [];
  if (RESERVED.has(name))
    problems.push(say(path, `"${name}" cannot be the name of a class: it has a meaning of its own`));
  else if (!NAME.test(name)) problems.push(say(path, `class name "${name}" is not lower-case words`));
  if (!/^([A-R]|health)$/.test(entry.identifier))
    problems.push(
      say([...path, "identifier"], `unknown identifier "${entry.identifier}" of class ${name}: ${IDENTIFIERS}`),
    );
  if (maskOf(entry) === undefined)
    problems.push(say([...path, "mask"], `unknown mask "${entry.mask}" of class ${name}: one of ${MASKS.join(", ")}`));
  if (entry.detectors !== undefined && entry.mask !== "scan")
    problems.push(say([...path, "detectors"], `class ${name} has detectors, but its mask is not scan`));
  for (const detector of entry.detectors ?? [])
    if (!DETECTORS.has(detector))
      problems.push(
        say(
          [...path, "detectors"],
          `unknown detector "${detector}" of class ${name}: one of ${[...DETECTORS].join(", ")}`,
        ),
      );
  return problems;
}

const IDENTIFIERS = "a letter A to R of 45 CFR 164.514(b)(2)(i), or health";

function maskOf(entry: CatalogFile["classes"][string]): MaskName | undefined {
  return MASKS.find((mask) => mask === entry.mask);
}

type TargetEntry = Exclude<CatalogFile["targets"][string], "none">;
type RelationEntry = Exclude<Exclude<TargetEntry["schemas"][string], "none">[string], string>;

function readTarget(
  target: string,
  entry: TargetEntry,
  classes: ReadonlyMap<string, PhiClass>,
  say: Say,
  problems: Problem[],
): ListedTarget {
  const schemas = new Map<string, "none" | Map<string, Listing>>();
  for (const [schema, relations] of Object.entries(entry.schemas)) {
    const listed = new Map<string, Listing>();
    schemas.set(schema, relations === "none" ? "none" : listed);
    if (schema.includes("."))
      problems.push(say(["targets", target, "schemas", schema], "a schema's name has no dot here"));
    if (relations === "none") continue;
    for (const [name, relation] of Object.entries(relations)) {
      const path = ["targets", target, "schemas", schema, name];
      if (typeof relation === "string") listed.set(name, relation);
      else
        listed.set(
          name,
          readRelation(relation, classes, (inner, message) => say([...path, ...inner], message), problems),
        );
    }
  }
  const functions = new Map<string, DeclaredFunction>(Object.entries(entry.functions ?? {}));
  const records = (entry.records ?? []).map((record) =>
    typeof record === "string" ? { format: record, luhn: false } : { format: record.format, luhn: true },
  );
  records.forEach(({ format }, i) => {
    const problem = formatProblem(format);
    if (problem !== null) problems.push(say(["targets", target, "records", i], `record format "${format}" ${problem}`));
  });
  return { schemas, functions, records };
}

function readRelation(
  entry: RelationEntry,
  classes: ReadonlyMap<string, PhiClass>,
  say: Say,
  problems: Problem[],
): ListedRelation {
  const columns = new Map<string, readonly string[]>();
  const paths = new Map<string, JsonClasses>();
  for (const [column, entered] of Object.entries(entry.columns)) {
    const read = (named: string | string[], ...path: string[]): readonly string[] => {
      const list = [named].flat().filter((name) => name !== "none" || Array.isArray(named));
      for (const name of list)
        if (!classes.has(name))
          problems.push(say(["columns", column, ...path], `unknown class "${name}" of column ${column}`));
      return list;
    };
    if (typeof entered === "string" || Array.isArray(entered)) {
      columns.set(column, read(entered));
      continue;
    }
    const rest = entered.class === undefined ? [UNCLASSIFIED] : read(entered.class, "class");
    const parts = Object.entries(entered.paths).map(([text, named]) => {
      const path = parsePath(text);
      if (path === null)
        problems.push(
          say(["columns", column, "paths", text], `"${text}" is no path: write $.key, $.list[*].key, $."odd key"`),
        );
      return { path: path ?? [], classes: read(named, "paths", text) };
    });
    paths.set(column, { parts, rest });
    columns.set(column, [...new Set([...rest, ...parts.flatMap((part) => part.classes)])]);
  }
  if ([...columns.values()].every((list) => list.length === 0))
    problems.push(say([], "no column has a class: write none for the whole table, or classify its columns"));
  const subject = subjectIn(entry.subject);
  if (subject !== null && subject !== "none") {
    if (!columns.has(subject.column))
      problems.push(say(["subject"], `subject "${subject.column}" is not among the columns`));
    if (paths.has(subject.column))
      problems.push(say(["subject"], `subject "${subject.column}" is a document, not a key`));
  }
  return { columns, subject, paths };
}

/** Whose keys they are when only a column is named. */
const USUAL_DOMAIN = "person";

function subjectIn(entered: RelationEntry["subject"]): ListedRelation["subject"] {
  if (entered === undefined) return null;
  if (entered === "none") return "none";
  if (typeof entered === "string") return { column: entered, domain: USUAL_DOMAIN };
  return { column: entered.column, domain: entered.of };
}
