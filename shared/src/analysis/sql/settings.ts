// SET, RESET, and what does the same as a function: settings decide what later statements mean.
import type { VariableSetStmt } from "libpg-query";
import type { Run } from "./scope.ts";
import { bodyOf, type Node, stringOf, strings } from "./tree.ts";

/** Settings that change who asks, or what texts and names mean, in ways that the gateway does not follow. */
const FORBIDDEN: ReadonlySet<string> = new Set([
  "role",
  "session_authorization",
  "standard_conforming_strings",
  "backslash_quote",
  "escape_string_warning",
  "transform_null_equals",
  "session_replication_role",
  "session_preload_libraries",
  "local_preload_libraries",
  "dynamic_library_path",
  "row_security",
  "array_nulls",
  "debug_print_plan",
  "debug_print_parse",
  "debug_print_rewritten",
  "xmlbinary",
]);

export const isForbidden = (setting: string): boolean => FORBIDDEN.has(setting.toLowerCase());

export const UTF8: ReadonlySet<string> = new Set(["utf8", "utf-8", "unicode"]);

/** A change of a setting. `value` is null for the default, undefined when it is not a constant. */
export function changeSetting(run: Run, setting: string, values: readonly string[] | null | undefined): void {
  const name = setting.toLowerCase();
  run.out.literalFree = false;
  if (values === undefined) {
    run.out.gap("setting", name);
    return;
  }
  if (name === "search_path") {
    run.out.effects.push({ type: "search_path" });
    return;
  }
  if (name === "standard_conforming_strings" && ["on", "true", "yes", "1"].includes(values?.[0]?.toLowerCase() ?? "on"))
    return;
  if (name === "client_encoding") {
    if (values !== null && !UTF8.has(values[0]?.toLowerCase() ?? "")) run.out.gap("setting", name);
    return;
  }
  // RESET ROLE and its like go back to what the gateway logged in as.
  if (FORBIDDEN.has(name) && values !== null) run.out.gap("setting", name);
}

export function setStatement(run: Run, body: VariableSetStmt): void {
  const name = body.name ?? "";
  switch (body.kind) {
    case "VAR_SET_VALUE":
      // SET TIME ZONE INTERVAL '+01:00': the only cast that the grammar has here.
      for (const arg of body.args ?? []) {
        const cast = bodyOf(arg, "TypeCast");
        if (bodyOf(cast?.arg, "A_Const") !== null) run.out.seen.add(cast!);
      }
      changeSetting(run, name, constants(body.args));
      return;
    case "VAR_SET_DEFAULT":
    case "VAR_RESET":
      changeSetting(run, name, null);
      return;
    case "VAR_RESET_ALL":
      run.out.effects.push({ type: "search_path" });
      return;
    case "VAR_SET_MULTI":
      if (name === "TRANSACTION SNAPSHOT") run.out.gap("setting", "transaction snapshot");
      return;
    default:
      changeSetting(run, name, undefined);
  }
}

/** The new search path, if the statement sets one to constants. */
export function newSearchPath(body: VariableSetStmt): readonly string[] | null | undefined {
  if (body.kind === "VAR_SET_VALUE") return constants(body.args);
  return body.kind === "VAR_SET_DEFAULT" || body.kind === "VAR_RESET" ? null : undefined;
}

function constants(args: readonly Node[] | undefined): string[] | undefined {
  const out: string[] = [];
  for (const arg of args ?? []) {
    const constant = bodyOf(arg, "A_Const");
    const interval = bodyOf(bodyOf(arg, "TypeCast")?.arg, "A_Const");
    const body = constant ?? interval;
    if (body === null) return undefined;
    out.push(stringOf(body) ?? JSON.stringify(body.ival?.ival ?? body.fval?.fval ?? 0));
  }
  return out;
}

/** set_config(name, value, local): like SET when both are constants. */
export function callSetting(run: Run, args: readonly Node[]): void {
  const name = constantText(args[0])?.toLowerCase() ?? null;
  run.out.literalFree = false;
  if (name === null) {
    run.out.gap("setting", "set_config");
    return;
  }
  const value = constantText(args[1]);
  // A placeholder of an extension's or application's own (`app.user`) changes nothing that the analysis knows of.
  if (value === null && name.includes(".")) return;
  // A bind value is the client's own word: of settings that change neither names nor who asks, it need not be known (asyncpg puts `jit` back so).
  const followed = FORBIDDEN.has(name) || name === "search_path" || name === "client_encoding";
  if (!followed && bodyOf(args[1], "ParamRef") !== null) return;
  changeSetting(run, name, value === null ? undefined : [value]);
}

/** nextval, setval: a write to the sequence, when it is named by a constant. */
export function callSequence(run: Run, arg: Node | undefined): void {
  const text = constantText(arg);
  if (text === null) return;
  run.out.literalFree = false;
  const parts = splitName(text);
  const name = parts.at(-1) ?? "";
  const schemas = parts.length > 1 ? [parts.at(-2) ?? ""] : run.path;
  const schema = schemas.find((s) => run.base.lookup.relation(s, name) !== undefined);
  if (schema !== undefined) run.out.touch(`${schema}.${name}`, "write", false);
}

/** A string constant, with or without a cast around it that leaves it as it is: `'rolex'::varchar(4)` says `role`. */
export function constantText(node: Node | undefined): string | null {
  const cast = bodyOf(node, "TypeCast");
  const type = cast?.typeName;
  if (cast !== null && !(type?.typmods === undefined && LOSSLESS.has(strings(type?.names).at(-1) ?? ""))) return null;
  const constant = bodyOf(cast === null ? node : cast.arg, "A_Const");
  return constant === null ? null : stringOf(constant);
}

/** Types whose values say all of a text. */
const LOSSLESS: ReadonlySet<string> = new Set(["text", "varchar", "regclass"]);

/** `a.b`, `"A"."b"` to names, as regclassin does. */
export function splitName(text: string): string[] {
  const out: string[] = [];
  for (const match of text.matchAll(/\s*(?:"((?:[^"]|"")*)"|([^".\s]+))\s*(?:\.|$)/g))
    out.push(match[1] === undefined ? (match[2] ?? "").toLowerCase() : match[1].replaceAll('""', '"'));
  return out;
}
