// What is known while one statement is made.
import { Choices } from "./choices.ts";
import type { Column, Relation, TypeName, Vocabulary } from "./vocabulary.ts";

/** One entry of a FROM clause. */
export interface Source {
  readonly alias: string;
  /** Qualified by the alias. */
  readonly columns: readonly Column[];
  /** Its rows can be taken as one value; those of tables are masked whole, whatever the table. */
  readonly row: "masked" | "made" | null;
}

/** Whether an expression is shown, where masked columns may stand, or tested, where they are mostly refused. */
export type Role = "shown" | "tested";

/** A sub-select of one column in brackets, of one row unless it is `many`. It may refer to what is outside. */
type Subquery = (m: Making, type: TypeName, outside: readonly Source[], depth: number, many?: boolean) => string;

export class Making {
  readonly choices: Choices;
  readonly vocabulary: Vocabulary;
  /** Masked columns were mentioned so often. */
  hidden = 0;
  /** Things of which a statement may have only so many. */
  selects = 0;
  #aliases = 0;
  /** Bind values, when constants become parameters. */
  readonly parameters: string[] | null;
  readonly subquery: Subquery;
  /** CTEs that a FROM clause may name. */
  ctes: readonly { readonly name: string; readonly columns: readonly Column[] }[] = [];

  constructor(numbers: readonly number[], vocabulary: Vocabulary, subquery: Subquery, bound: boolean) {
    this.choices = new Choices(numbers);
    this.vocabulary = vocabulary;
    this.subquery = subquery;
    this.parameters = bound ? [] : null;
  }

  /** A relation; those with much to hide come more often. */
  relation(): Relation {
    const { relations } = this.vocabulary;
    const rich = relations.filter(({ columns }) => columns.filter((c) => c.hidden).length > 2);
    return this.choices.pick(this.choices.percent(60) ? rich : relations);
  }

  alias(): string {
    return `${"abcdefghijklmnopqrstuvwxyz"[this.#aliases % 26]}${Math.floor(this.#aliases++ / 26) || ""}`;
  }

  /** A literal of the type, or a bind value. */
  constant(type: TypeName): string {
    const { choices, parameters } = this;
    const values = this.vocabulary.constants.get(type) ?? [];
    if (values.length === 0) return `NULL::${type}`;
    const value = choices.pick(values);
    if (parameters !== null && parameters.length < 8 && choices.percent(40)) {
      parameters.push(value);
      return `$${parameters.length}::${type}`;
    }
    if (type === "integer" || type === "boolean") return value.startsWith("-") ? `(${value})` : value;
    if (type === "text" && choices.percent(50)) return quote(value);
    return `${quote(value)}::${type}`;
  }

  /** A column of the type from the sources, as the role allows; null when there is none. */
  column(type: TypeName, sources: readonly Source[], role: Role): string | null {
    const masked = this.choices.percent(role === "shown" ? 60 : 2);
    const fitting = sources.flatMap((source) => source.columns.filter((column) => column.type === type));
    const wanted = fitting.filter((column) => column.hidden === masked);
    const all = wanted.length > 0 ? wanted : role === "shown" ? fitting : [];
    return all.length === 0 ? null : this.use(this.choices.pick(all));
  }

  /** Mentions a whole row. */
  useRow({ alias, columns, row }: Source): string {
    if (row === "masked" || columns.some((column) => column.hidden)) this.hidden++;
    return alias;
  }

  /** Mentions a column. */
  use(column: Column): string {
    if (column.hidden) this.hidden++;
    return column.sql;
  }
}

export const quote = (text: string): string => `'${text.replaceAll("'", "''")}'`;

export const sourceOf = (alias: string, columns: readonly Column[], row: Source["row"] = "made"): Source => ({
  alias,
  row,
  columns: columns.map((column) => ({ ...column, sql: column.sql.replaceAll("{}", alias) })),
});

export const tableAs = (relation: Relation, alias: string): Source => sourceOf(alias, relation.columns, "masked");
