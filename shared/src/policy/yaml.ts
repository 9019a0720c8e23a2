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
  const parsed = schema.safeParse(document.toJS());
  if (!parsed.success)
    return { value: null, problems: parsed.error.issues.flatMap((issue) => issueProblems(issue, say)) };
  const problems: Problem[] = [];
  return { value: make(parsed.data, say, problems), problems };
}

type Issue = z.core.$ZodIssue;

function issueProblems(issue: Issue, say: Say, above: Path = []): Problem[] {
  const path = [...above, ...issue.path];
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => say([...path, key], `${where(path)}unknown key "${key}"`));
  if (issue.code === "invalid_key") return issue.issues.map((inner) => say(path, `${where(path)}${inner.message}`));
  // Of alternatives, the one that was meant: the value has its shape, and the mistake is further in.
  const meant = issue.code === "invalid_union" ? issue.errors.find((branch) => !branch.some(isOtherShape)) : undefined;
  if (meant !== undefined) return meant.flatMap((inner) => issueProblems(inner, say, path));
  return [say(path, `${where(path)}${issue.message}`)];
}

function isOtherShape(issue: Issue): boolean {
  return issue.path.length === 0 && issue.code !== "unrecognized_keys" && issue.code !== "invalid_union";
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
