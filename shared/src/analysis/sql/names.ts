// The name that the server gives a result column without AS: FigureColname of parser/parse_target.c.
import { bodyOf, type Node, strings, tagOf } from "./tree.ts";

const NAMED: Readonly<Record<string, string>> = {
  CoalesceExpr: "coalesce",
  GroupingFunc: "grouping",
  A_ArrayExpr: "array",
  RowExpr: "row",
  XmlSerialize: "xmlserialize",
  MergeSupportFunc: "merge_action",
  JsonParseExpr: "json",
  JsonScalarExpr: "json_scalar",
  JsonSerializeExpr: "json_serialize",
  JsonObjectConstructor: "json_object",
  JsonArrayConstructor: "json_array",
  JsonArrayQueryConstructor: "json_array",
  JsonObjectAgg: "json_objectagg",
  JsonArrayAgg: "json_arrayagg",
};
const XML: Readonly<Record<string, string>> = {
  IS_XMLCONCAT: "xmlconcat",
  IS_XMLELEMENT: "xmlelement",
  IS_XMLFOREST: "xmlforest",
  IS_XMLPARSE: "xmlparse",
  IS_XMLPI: "xmlpi",
  IS_XMLROOT: "xmlroot",
};
const JSON_FUNCTIONS: Readonly<Record<string, string>> = {
  JSON_EXISTS_OP: "json_exists",
  JSON_QUERY_OP: "json_query",
  JSON_VALUE_OP: "json_value",
};

export const columnName = (node: Node | undefined): string =>
  (node === undefined ? null : figure(node)?.name) ?? "?column?";

interface Figured {
  readonly name: string;
  /** A weak name gives way to one from further out. */
  readonly weak: boolean;
}

const strong = (name: string): Figured => ({ name, weak: false });

function figure(node: Node): Figured | null {
  const tag = tagOf(node);
  if (tag === null) return null;
  const named = NAMED[tag];
  if (named !== undefined) return strong(named);
  switch (tag) {
    case "ColumnRef": {
      const last = strings(bodyOf(node, "ColumnRef")?.fields).at(-1);
      return last === undefined ? null : strong(last);
    }
    case "A_Indirection": {
      const body = bodyOf(node, "A_Indirection");
      const last = strings(body?.indirection).at(-1);
      return last !== undefined ? strong(last) : body?.arg === undefined ? null : figure(body.arg);
    }
    case "FuncCall":
      return strong(strings(bodyOf(node, "FuncCall")?.funcname).at(-1) ?? "");
    case "A_Expr":
      return bodyOf(node, "A_Expr")?.kind === "AEXPR_NULLIF" ? strong("nullif") : null;
    case "TypeCast": {
      const body = bodyOf(node, "TypeCast");
      const inner = body?.arg === undefined ? null : figure(body.arg);
      if (inner !== null && !inner.weak) return inner;
      const type = strings(body?.typeName?.names).at(-1);
      return type === undefined ? inner : { name: type, weak: true };
    }
    case "CollateClause": {
      const arg = bodyOf(node, "CollateClause")?.arg;
      return arg === undefined ? null : figure(arg);
    }
    case "SubLink":
      return subLink(node);
    case "CaseExpr": {
      const otherwise = bodyOf(node, "CaseExpr")?.defresult;
      const inner = otherwise === undefined ? null : figure(otherwise);
      return inner !== null && !inner.weak ? inner : { name: "case", weak: true };
    }
    case "MinMaxExpr":
      return strong(bodyOf(node, "MinMaxExpr")?.op === "IS_LEAST" ? "least" : "greatest");
    case "SQLValueFunction":
      return strong(
        (bodyOf(node, "SQLValueFunction")?.op ?? "")
          .replace(/^SVFOP_/, "")
          .replace(/_N$/, "")
          .toLowerCase(),
      );
    case "XmlExpr": {
      const name = XML[bodyOf(node, "XmlExpr")?.op ?? ""];
      return name === undefined ? null : strong(name);
    }
    case "JsonFuncExpr": {
      const name = JSON_FUNCTIONS[bodyOf(node, "JsonFuncExpr")?.op ?? ""];
      return name === undefined ? null : strong(name);
    }
    default:
      return null;
  }
}

function subLink(node: Node): Figured | null {
  const body = bodyOf(node, "SubLink");
  if (body?.subLinkType === "EXISTS_SUBLINK") return strong("exists");
  if (body?.subLinkType === "ARRAY_SUBLINK") return strong("array");
  if (body?.subLinkType !== "EXPR_SUBLINK") return null;
  const query = bodyOf(body.subselect, "SelectStmt");
  const target = bodyOf(firstTarget(query), "ResTarget");
  if (target === null) return query?.valuesLists === undefined ? null : strong("column1");
  if (target.name !== undefined) return strong(target.name);
  return target.val === undefined ? null : figure(target.val);
}

/** The first target of a query, or of the leftmost part of a set operation; VALUES has none. */
function firstTarget(query: { targetList?: Node[]; larg?: unknown } | null): Node | undefined {
  let at = query;
  while (at !== null && at.targetList === undefined && at.larg !== undefined) at = at.larg as typeof query;
  return at?.targetList?.[0];
}
