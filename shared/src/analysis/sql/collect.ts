// Facts of one statement while they are being gathered.
import type {
  Action,
  AnalysedStatement,
  ColumnRef,
  Facts,
  FlowFact,
  FunctionFact,
  Gap,
  InfluenceFact,
  OutputFact,
  SessionEffect,
  StatementKind,
  Use,
} from "../../facts.ts";
import { rowFacts } from "./row-facts.ts";

import type { Field, Item, Sources, Value } from "./value.ts";

interface RelationNotes {
  readonly actions: Set<Action>;
  readonly columns: Set<string>;
  readonly system: boolean;
}

export class Collector {
  readonly relations = new Map<string, RelationNotes>();
  readonly functions = new Map<string, FunctionFact["standing"]>();
  readonly gaps = new Map<string, Gap>();
  readonly effects: SessionEffect[] = [];
  readonly #influence = new Map<string, InfluenceFact>();
  readonly #flows = new Map<string, { into: ColumnRef; from: Set<ColumnRef> }>();
  /** Nodes of the statement's own tree that were looked at. */
  readonly seen = new Set<object>();
  kind: StatementKind = "other";
  outputs: readonly OutputFact[] | null = null;
  /** What `OutputFact.rows` speaks of. */
  rows: Facts["rows"];
  /** What the FROM clause of the statement itself names, when it is a SELECT without set operation. */
  entries: readonly Item[] = [];
  /** The columns of the result, with all that is known of them. */
  fields: readonly Field[] = [];
  hasWhere = false;
  refers: Facts["refers"];
  copy: AnalysedStatement["copy"];
  openOrder = false;
  /** A function body in quotes is called: what its names mean, the session's settings say. */
  readsPath = false;
  /** An operator or a type is looked up by search_path. */
  looksUp = false;
  /** False once a literal has decided something. */
  literalFree = true;

  /** These are the columns of the result. */
  show(columns: readonly Field[]): void {
    this.fields = columns;
    const { rows, of } = rowFacts(columns);
    this.outputs = outputsOf(columns).map((output, i) => (of[i]!.length === 0 ? output : { ...output, rows: of[i]! }));
    this.rows = rows.length === 0 ? undefined : rows;
  }

  gap(reason: string, what: string): void {
    const text = what.slice(0, 200);
    if (this.gaps.size < 50) this.gaps.set(`${reason}\0${text}`, { reason, what: text });
  }

  touch(relation: string, action: Action, system: boolean): void {
    const known = this.relations.get(relation);
    if (known !== undefined) known.actions.add(action);
    else this.relations.set(relation, { actions: new Set([action]), columns: new Set(), system });
  }

  /** A column is read: shown, compared, written elsewhere. */
  read(ref: ColumnRef, system: boolean): void {
    this.touch(ref.relation, "read", system);
    this.relations.get(ref.relation)?.columns.add(ref.column);
  }

  influence(columns: Sources, use: Use, more: Pick<InfluenceFact, "through" | "reveals"> = {}): void {
    for (const { relation, column } of columns) {
      const { reveals, through } = more;
      const key = [relation, column, use, reveals ?? "", through ?? ""].join("\0");
      if (this.#influence.has(key)) continue;
      const parts = { ...(reveals === undefined ? {} : { reveals }), ...(through === undefined ? {} : { through }) };
      this.#influence.set(key, { relation, column, use, ...parts });
    }
  }

  /** What shapes the result was made of these by what shows nothing of them (`count(x)`, `x IS NULL`). */
  glance(columns: Sources): void {
    this.influence(columns, "condition", { reveals: "nothing" });
  }

  get influences(): Iterable<InfluenceFact> {
    return this.#influence.values();
  }

  flow(into: ColumnRef, value: Pick<Value, "sources">): void {
    const key = `${into.relation}\0${into.column}`;
    const flow = this.#flows.get(key) ?? { into, from: new Set() };
    this.#flows.set(key, flow);
    for (const ref of value.sources) flow.from.add(ref);
  }

  /** What was written into a column by this statement so far. */
  flowsInto(into: ColumnRef): Sources {
    return this.#flows.get(`${into.relation}\0${into.column}`)?.from ?? new Set();
  }

  get flows(): Iterable<{ readonly into: ColumnRef; readonly from: Sources }> {
    return this.#flows.values();
  }

  /** Columns that the facts will name. */
  get weight(): number {
    let weight = 0;
    for (const output of this.outputs ?? []) weight += output.sources.length;
    for (const flow of this.#flows.values()) weight += flow.from.size;
    return weight;
  }

  get flowing(): boolean {
    return this.#flows.size > 0;
  }

  /** Takes over what a statement that is run by its name does. */
  adopt(facts: Facts): void {
    for (const { relation, actions, columns, system } of facts.relations) {
      for (const action of actions) this.touch(relation, action, system);
      for (const column of columns) this.relations.get(relation)?.columns.add(column);
    }
    for (const fact of facts.influence) this.influence(new Set([fact]), fact.use, fact);
    for (const { name, standing } of facts.functions) this.called(name, standing);
    for (const { into, from } of facts.flows) this.flow(into, { sources: new Set(from) });
    for (const { reason, what } of facts.gaps) this.gap(reason, what);
    this.hasWhere ||= facts.hasWhere;
    this.openOrder ||= facts.openOrder === true;
  }

  called(name: string, standing: FunctionFact["standing"]): void {
    if (this.functions.get(name) !== "opaque") this.functions.set(name, standing);
  }

  finish(): AnalysedStatement {
    const flows: FlowFact[] = [...this.#flows.values()].map(({ into, from }) => ({ into, from: [...from] }));
    const complete = this.gaps.size === 0;
    const facts: Facts = {
      kind: this.kind,
      complete,
      gaps: [...this.gaps.values()],
      relations: [...this.relations].map(([relation, { actions, columns, system }]) => ({
        relation,
        actions: [...actions],
        columns: columns.has("*") ? ["*"] : [...columns],
        system,
      })),
      influence: [...this.#influence.values()],
      ...(this.openOrder ? { openOrder: true } : {}),
      functions: [...this.functions].map(([name, standing]) => ({ name, standing })),
      outputs: this.outputs,
      ...(this.rows === undefined ? {} : { rows: this.rows }),
      flows,
      hasWhere: this.hasWhere,
      ...(this.refers === undefined ? {} : { refers: this.refers }),
    };
    return { facts, effects: this.effects, ...(this.copy === undefined ? {} : { copy: this.copy }) };
  }
}

/** How facts spell the lineage of result columns. The column that is shown unchanged comes first among its sources. */
export function outputsOf(columns: readonly Field[]): OutputFact[] {
  return columns.map(({ name, value }) => {
    if (value.sources.size === 0 && value.quiet.size > 0)
      return { name, sources: [...value.quiet], direct: false, reveals: "nothing", ...madeBy(value) };
    const { origin } = value;
    const sources = [...value.sources];
    if (origin === null) return { name, sources, direct: false, ...madeBy(value) };
    return { name, sources: [origin, ...sources.filter((ref) => ref !== origin)], direct: true };
  });
}

const madeBy = ({ made }: Value): Pick<OutputFact, "made"> => (made.size === 0 ? {} : { made: [...made] });
