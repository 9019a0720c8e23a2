// What an expression is made by, in words for people: `upper()`, `||`, `CASE`.
import { type Node, strings, tagOf } from "./tree.ts";
import { union, type Value } from "./value.ts";

/** The value, with the word for its outermost operation; a column as it stands, and a constant, are made by none. */
export function told(node: Node, value: Value): Value {
  const word = value.origin === null && !value.constant ? wordFor(node) : null;
  return word === null ? value : { ...value, made: union(new Set([word]), value.made) };
}

const WORDS: Readonly<Record<string, string>> = {
  CaseExpr: "CASE",
  CoalesceExpr: "coalesce()",
  NullTest: "IS NULL",
  BooleanTest: "IS TRUE",
  BoolExpr: "AND, OR, NOT",
  CollateClause: "COLLATE",
  SubLink: "a subquery",
  A_ArrayExpr: "ARRAY",
  RowExpr: "ROW",
  A_Indirection: "a field or an element",
  MinMaxExpr: "greatest() or least()",
};

function wordFor(node: Node): string | null {
  const tag = tagOf(node);
  if (tag === null) return null;
  const body = (node as Record<string, unknown>)[tag] as {
    funcname?: Node[];
    name?: Node[];
    typeName?: { names?: Node[] };
  };
  switch (tag) {
    case "FuncCall":
      return `${strings(body.funcname)
        .filter((name) => name !== "pg_catalog")
        .join(".")}()`;
    case "A_Expr":
      return strings(body.name).at(-1) ?? null;
    case "TypeCast":
      return `a cast to ${strings(body.typeName?.names).at(-1) ?? "?"}`;
    default:
      if (/^(Json|Xml)/.test(tag)) return tag.startsWith("Json") ? "a JSON function" : "an XML function";
      return WORDS[tag] ?? null;
  }
}
