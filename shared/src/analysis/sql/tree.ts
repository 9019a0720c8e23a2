// PostgreSQL's parse tree as libpg-query gives it (JSON of protobuf/pg_query.proto): a node is an object with one key, its type.
import type { A_Const, Node, ParseResult } from "libpg-query";

export type Tree = ParseResult;
export type { Node };
export type Tag = Node extends infer N ? (N extends unknown ? keyof N : never) : never;
export type Body<T extends Tag> = Extract<Node, Record<T, unknown>>[T];

/** Parses one command string. @throws SyntaxFailure on a syntax error; anything else means that the parser broke. */
export type Parse = (sql: string) => Tree;

/** The type of a node; null for the empty node that stands for nothing. */
export function tagOf(node: Node): Tag | null {
  for (const tag in node) return tag as Tag;
  return null;
}

/** The contents of a node if it is of that type. */
export function bodyOf<T extends Tag>(node: Node | undefined, tag: T): Body<T> | null {
  return node !== undefined && tag in node ? ((node as Record<string, unknown>)[tag] as Body<T>) : null;
}

/** The strings of a list of String nodes; other nodes are left out. */
export function strings(nodes: readonly Node[] | undefined): string[] {
  const out: string[] = [];
  for (const node of nodes ?? []) {
    const body = bodyOf(node, "String");
    if (body !== null) out.push(body.sval ?? "");
  }
  return out;
}

/** An integer constant (libpg-query leaves a zero out), or null. */
export function integerOf(constant: A_Const): number | null {
  return "ival" in constant && constant.ival !== undefined ? ((constant.ival as { ival?: number }).ival ?? 0) : null;
}

/** A string constant, or null. */
export function stringOf(constant: A_Const): string | null {
  return "sval" in constant && constant.sval !== undefined ? ((constant.sval as { sval?: string }).sval ?? "") : null;
}

/** A string in quotes: no NULL. */
export function isTextLiteral(node: Node): boolean {
  const constant = bodyOf(node, "A_Const");
  return constant !== null && stringOf(constant) !== null;
}

/** Node types that can bring in data or run code: each must have been looked at by the analysis, or the analysis is not complete. */
const TELLING = new Set(["ColumnRef", "FuncCall", "RangeVar", "SubLink", "SelectStmt", "A_Expr", "TypeCast", "A_Star"]);
/** Fields that hold such a node without its type around it. */
const UNWRAPPED: ReadonlyMap<string, string> = new Map([
  ["relation", "RangeVar"],
  ["rel", "RangeVar"],
  ["view", "RangeVar"],
  ["sequence", "RangeVar"],
  ["larg", "SelectStmt"],
  ["rarg", "SelectStmt"],
  ["func", "FuncCall"],
  ["funccall", "FuncCall"],
]);

/** Visits each telling node below `root`, with its type and body. Iterative: as deep as the tree may be. */
export function walkTelling(root: unknown, visit: (tag: string, body: object) => void): void {
  const stack: unknown[] = [root];
  while (stack.length > 0) {
    const value = stack.pop();
    if (typeof value !== "object" || value === null) continue;
    if (Array.isArray(value)) {
      for (const item of value) stack.push(item);
      continue;
    }
    for (const [key, child] of Object.entries(value)) {
      if (typeof child !== "object" || child === null) continue;
      if (TELLING.has(key)) visit(key, child);
      else {
        const tag = UNWRAPPED.get(key);
        if (tag !== undefined && !Array.isArray(child) && !isWrapped(child)) visit(tag, child);
      }
      stack.push(child);
    }
  }
}

/** True for a node with its type around it: one key, which starts with a capital. */
function isWrapped(value: object): boolean {
  const keys = Object.keys(value);
  const first = keys[0];
  return keys.length === 1 && first !== undefined && first >= "A" && first <= "Z";
}
