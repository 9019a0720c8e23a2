// WITH: common table expressions, also recursive and writing ones.
import type { CommonTableExpr, WithClause } from "libpg-query";
import { type Cte, type Run, type Scope, scopeOf, valuesAt } from "./scope.ts";
import { bodyOf, strings } from "./tree.ts";
import { derive, ENDLESS, either, type Field } from "./value.ts";

/** Rounds after which the columns of a recursive CTE must have stopped to gain sources. */
const ROUNDS = 50;

/** The scope around a query: what its WITH clause names. */
export function withClause(run: Run, clause: WithClause | undefined, parent: Scope | null): Scope {
  if (clause === undefined) return scopeOf(parent);
  const ctes = new Map<string, Cte>();
  const scope = scopeOf(parent, [], ctes);
  for (const node of clause.ctes ?? []) {
    const body = bodyOf(node, "CommonTableExpr");
    if (body === null) continue;
    // Without RECURSIVE, a name means what it meant before, also inside the expression that it names.
    const around = clause.recursive === true ? scope : scopeOf(parent, [], new Map(ctes));
    ctes.set(body.ctename ?? "", cteOf(run, body, around));
  }
  return scope;
}

/** Looks at the CTEs that nothing referred to: those that write run all the same. */
export function finishWith(scope: Scope): void {
  for (const cte of scope.ctes.values()) cte.columns();
}

function cteOf(run: Run, body: CommonTableExpr, around: Scope): Cte {
  const names = strings(body.aliascolnames);
  const rename = (fields: readonly Field[]): Field[] =>
    fields.map((field, i) => ({ name: names[i] ?? field.name, value: field.value }));
  let columns: readonly Field[] | null = null;
  let done = false;
  let running = false;
  let recursive = false;

  const analyse = (): readonly Field[] => {
    if (body.ctequery === undefined) return [];
    const fields = rename(
      run.on.arms(run, body.ctequery, scopeOf(around), (left) => {
        columns = columns === null ? extend(run, body, rename(left), around) : columns;
      }),
    );
    return extend(run, body, fields, around);
  };

  return {
    columns() {
      if (done) return columns ?? [];
      if (running) {
        recursive = true;
        if (columns === null) run.out.gap("recursive", body.ctename ?? "");
        return columns ?? [];
      }
      running = true;
      let next = analyse();
      for (let round = 0; recursive && !same(columns ?? [], next); round++) {
        if (round === ROUNDS) run.out.gap("recursive", body.ctename ?? "");
        if (round === ROUNDS) break;
        const before: readonly Field[] = columns ?? [];
        columns = next.map((field, i) => {
          const value = either([field.value, before[i]?.value ?? field.value]);
          // What grows in one round grows in all.
          const grows = field.value.length > (before[i]?.value.length ?? 0);
          return { name: field.name, value: grows ? { ...value, length: ENDLESS } : value };
        });
        next = analyse();
      }
      columns = next;
      running = false;
      done = true;
      return columns;
    },
  };
}

const weight = (field: Field): number => field.value.sources.size + field.value.quiet.size;

function same(a: readonly Field[], b: readonly Field[]): boolean {
  return (
    a.length === b.length &&
    a.every((field, i) => {
      const [one, other] = [field.value, b[i]!.value];
      return weight(field) === weight(b[i]!) && one.origin === other.origin && one.length >= other.length;
    })
  );
}

/** The columns that SEARCH and CYCLE add. */
function extend(run: Run, body: CommonTableExpr, fields: readonly Field[], around: Scope): readonly Field[] {
  const from = (names: readonly string[]) => derive(fields.filter((f) => names.includes(f.name)).map((f) => f.value));
  const out = [...fields];
  const search = body.search_clause;
  if (search?.search_seq_column !== undefined)
    out.push({ name: search.search_seq_column, value: from(strings(search.search_col_list)) });
  const cycle = body.cycle_clause;
  if (cycle?.cycle_mark_column !== undefined) {
    valuesAt(
      run,
      [cycle.cycle_mark_value, cycle.cycle_mark_default].filter((n) => n !== undefined),
      around,
    );
    const value = from(strings(cycle.cycle_col_list));
    // Rows that are equal in these columns end the recursion.
    run.out.influence(value.sources, "group");
    out.push({ name: cycle.cycle_mark_column, value }, { name: cycle.cycle_path_column ?? "", value });
  }
  return out;
}
