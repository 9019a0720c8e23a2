// References to columns: which column, row or argument a name means, as the server resolves it.
import type { ColumnRef } from "libpg-query";
import { columnOf, findColumn, findItem, noteRead, parametersOf, type Run, type Scope, wholeRow } from "./scope.ts";
import { bodyOf, strings } from "./tree.ts";
import { derive, type Item, PLAIN, type Value } from "./value.ts";

/** What a reference to a column, or to a whole row, shows. */
export function columnRef(run: Run, body: ColumnRef, scope: Scope): Value {
  run.out.seen.add(body);
  const fields = body.fields ?? [];
  const names = strings(fields);
  if (names.length !== fields.length) return starValue(run, body, scope, names);
  const value = resolve(run, names, scope);
  noteRead(run, value);
  return value;
}

/** `x.*` where a value is wanted (`row(x.*)`, `count(x.*)`, `(x.*)::text`): the whole row. */
function starValue(run: Run, body: ColumnRef, scope: Scope, names: readonly string[]): Value {
  for (const field of body.fields ?? []) {
    const star = bodyOf(field, "A_Star");
    if (star !== null) run.out.seen.add(star);
  }
  const item = itemOf(run, names, scope);
  const value = item === null ? PLAIN : wholeRow(item);
  noteRead(run, value);
  return value;
}

/** The FROM entry that a qualified star names; null, with a gap, when there is none. */
export function itemOf(run: Run, names: readonly string[], scope: Scope): Item | null {
  const item = itemOrNull(run, names, scope);
  if (item === null) run.out.gap("undefined-relation", names.join("."));
  return item;
}

function itemOrNull(run: Run, names: readonly string[], scope: Scope): Item | null {
  const own = withoutDatabase(run, names);
  const last = own.at(-1);
  if (last === undefined || own.length > 2) return null;
  const found = findItem(scope, last, own.length === 2 ? own[0] : undefined);
  return found === "ambiguous" ? null : found;
}

/** `database.schema.name` with this database's name is `schema.name`. */
function withoutDatabase(run: Run, names: readonly string[]): readonly string[] {
  return names.length === 3 && names[0] === run.base.lookup.snapshot.database ? names.slice(1) : names;
}

/** transformColumnRef of parser/parse_expr.c. */
function resolve(run: Run, names: readonly string[], scope: Scope): Value {
  const last = names.at(-1) ?? "";
  const before = names.slice(0, -1);
  if (before.length === 0) {
    const found = findColumn(scope, last);
    if (found !== null && "value" in found) return found.value;
    if (found === null) {
      const item = findItem(scope, last);
      if (item !== null && item !== "ambiguous") return wholeRow(item);
      const argument = argumentNamed(scope, last);
      if (argument !== null) return argument;
    }
    run.out.gap(found === null ? "undefined-column" : "ambiguous-column", last);
    return PLAIN;
  }
  const item = itemOrNull(run, before.length === 3 ? withoutDatabase(run, before) : before, scope);
  if (item === null) {
    const argument = qualifiedArgument(scope, names);
    if (argument !== null) return argument;
    run.out.gap("undefined-column", names.join("."));
    return PLAIN;
  }
  const found = columnOf(item, last);
  if ("value" in found) return found.value;
  run.out.gap(found.problem === "unknown" ? "undefined-column" : "ambiguous-column", names.join("."));
  return PLAIN;
}

function argumentNamed(scope: Scope, name: string): Value | null {
  const parameters = parametersOf(scope);
  const index = parameters?.names.indexOf(name) ?? -1;
  return parameters === null || index < 0 ? null : (parameters.values[index] ?? null);
}

/** `function.argument`, or a field of an argument of a row type. */
function qualifiedArgument(scope: Scope, names: readonly string[]): Value | null {
  const parameters = parametersOf(scope);
  if (parameters === null || names.length !== 2) return null;
  if (names[0] === parameters.function) return argumentNamed(scope, names[1] ?? "");
  const argument = argumentNamed(scope, names[0] ?? "");
  return argument === null ? null : derive([argument]);
}
