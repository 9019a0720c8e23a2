// YAML text to a checked value, with every problem at its line. YAML 1.2, core schema; no merge keys, no duplicate keys.
import { isCollection, isMap, isPair, isScalar, LineCounter, type Node, parseDocument } from "yaml";
import type { z } from "zod";
import type { Problem } from "./types.ts";

export type Path = readonly PropertyKey[];

/** A problem at the line of the key (or list entry) that `path` names. */
export type Say = (path: Path, message: string) => Problem;

/** What became of reading a file: a value, when its shape is right, and all that is wrong with it. */
export interface Read<T> {
  readonly value: T | null;
  readonly problems: readonly Problem[];
}

/** Reads one file of a bundle, and has `make` make something of it when its shape is right. */
export function readYaml<T, V>(
  file: string,
  text: string,
  schema: z.ZodType<T>,
  make: (value: T, say: Say, problems: Problem[]) => V,
): Read<V> {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, strict: true, prettyErrors: false });
  const at = (offset: number, message: string): Problem => ({ file, line: lines.linePos(offset).line, message });
  const broken = [...document.errors, ...document.warnings];
  if (broken.length > 0) return { value: null, problems: broken.map((e) => at(e.pos[0], e.message)) };

  const say: Say = (path, message) => at(offsetOf(document.contents, path), message);
  const problems: Problem[] = [];
  const parsed = schema.safeParse(document.toJS());
  if (parsed.success) return { value: make(parsed.data, say, problems), problems };

  const unknown: Path[] = [];
  problems.push(...parsed.error.issues.flatMap((issue) => issueProblems(issue, { say, unknown })));
  // Without the keys that nobody knows the rest may well be read, and its problems be said too.
  const rest = schema.safeParse(without(document.toJS(), unknown));
  if (rest.success) make(rest.data, say, problems);
  return { value: null, problems };
}

type Issue = z.core.$ZodIssue;

interface Report {
  readonly say: Say;
  /** Where the keys stand that nobody knows. */
  readonly unknown: Path[];
}

function issueProblems(issue: Issue, report: Report, above: Path = []): Problem[] {
  const { say } = report;
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys") {
    report.unknown.push(...issue.keys.map((key) => [...path, key]));
    return issue.keys.map((key) => say([...path, key], `${where(path)}unknown key "${key}"`));
  }
  if (issue.code === "invalid_key") return issue.issues.map((inner) => say(path, `${where(path)}${inner.message}`));
  // Of alternatives, the one that was meant: the value has its shape, and the mistake is further in.
  const meant = issue.code === "invalid_union" ? issue.errors.find((branch) => !branch.some(isOtherShape)) : undefined;
  if (meant !== undefined) return meant.flatMap((inner) => issueProblems(inner, report, path));
  return [say(path, `${where(path)}${issue.message}`)];
}

function isOtherShape(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== "unrecognized_keys" && issue.code !== "invalid_union";
}

/** Takes the keys at these paths out of a fresh value. */
function without(value: unknown, paths: readonly Path[]): unknown {
  for (const path of paths) {
    const key = path.at(-1);
    const holder = path
      .slice(0, -1)
      .reduce<unknown>(
        (at, step) => (typeof at === "object" && at !== null ? Reflect.get(at, step) : undefined),
        value,
      );
    if (typeof holder === "object" && holder !== null && key !== undefined) Reflect.deleteProperty(holder, key);
  }
  return value;
}

function where(path: Path): string {
  return path.length === 0 ? "" : `${path.map(String).join(".")}: `;
}

/** Where in the text the thing at `path` begins: its key for an entry of a map; as far as the path exists. */
function offsetOf(root: Node | null, path: Path): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (!isCollection(node)) break;
    if (isMap(node)) {
      const pair = node.items.find((item) => isPair(item) && keyOf(item.key) === String(step));
      if (pair === undefined) break;
      offset = (pair.key as Node).range?.[0] ?? offset;
      node = pair.value;
    } else {
      node = node.items[Number(step)];
      offset = (node as Node | undefined)?.range?.[0] ?? offset;
    }
  }
  return offset;
}

function keyOf(key: unknown): string {
  return String(isScalar(key) ? key.value : key);
}
