// Runs a case of the innocent corpus through a local home and directly against its database, and says what is not as it must be.
import type pg from "pg";
import { sees } from "./clear-columns.ts";
import type { Case, Statement } from "./corpus.ts";
import { startTestHome } from "./home.ts";
import { RawClient } from "./raw-client.ts";
import { type Answer, type Bind, type Column, type Manner, say } from "./speaker.ts";

export interface Innocence {
  /** Cells that were the direct answer's own, and those that were hidden. */
  readonly cells: { clear: number; hidden: number };
  /** What was wrong, in words; empty when all was well. */
  run(one: Case, manner: Manner): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** The two ways to the same database. */
interface Pair {
  readonly direct: RawClient;
  readonly through: RawClient;
}

/** What the server itself says of a column: whose it is. */
interface Origin {
  readonly schema: string;
  readonly table: string;
  readonly column: string;
}

const TEXT = 25;
/** Of so many values, a mask that keeps a part changes at least one. */
const SOME = 5;

export async function startInnocence(): Promise<Innocence> {
  const home = await startTestHome();
  const asker = await home.direct();
  const origins = await readOrigins(asker);
  const pairs = new Map<string, Promise<Pair>>();
  const connect = async (identity: string): Promise<Pair> => ({
    direct: RawClient.from(await home.direct("postern_gateway")),
    through: RawClient.from(await home.client(identity)),
  });
  const cells = { clear: 0, hidden: 0 };
  return {
    cells,
    async run(one, wanted) {
      const manner = one.simple ? "simple" : wanted;
      if (!pairs.has(one.identity)) pairs.set(one.identity, connect(one.identity));
      const pair = (await pairs.get(one.identity)) as Pair;
      const said: Said[] = [];
      for (const { sql, bind, data } of one.statements)
        said.push({ sql: await filled(asker, sql), binds: bind === null ? [] : await bindsOf(asker, bind), data });
      const ask = (client: RawClient) => answers(client, one, manner, said);
      // Changes would wait for each other.
      const alone = one.undo || one.statements.length > 1;
      const [direct, through] = alone
        ? [await ask(pair.direct), await ask(pair.through)]
        : await Promise.all([ask(pair.direct), ask(pair.through)]);
      return one.statements.flatMap((statement, i) => {
        const compare = new Comparison(statement, one.identity, origins, cells);
        return compare.all(direct[i] as Answer, through[i] as Answer, manner).map((text) => `${manner}: ${text}`);
      });
    },
    async stop() {
      for (const pair of pairs.values()) {
        const { direct, through } = await pair;
        direct.close();
        through.close();
      }
      await asker.end();
      await home.stop();
    },
  };
}

async function readOrigins(asker: pg.Client): Promise<ReadonlyMap<string, Origin>> {
  const { rows } = await asker.query({
    text: `SELECT a.attrelid, a.attnum, n.nspname, c.relname, a.attname FROM pg_attribute a
           JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace`,
    rowMode: "array",
  });
  return new Map(rows.map(([oid, number, schema, table, column]) => [`${oid} ${number}`, { schema, table, column }]));
}

/** What a statement comes to on this database. */
interface Said {
  readonly sql: string;
  readonly binds: readonly Bind[];
  readonly data: string | null;
}

/** `{public.patients}`, `{type public.sex}`, `{function public.touch}` in a statement stand for the OID, as tools send it that have looked it up. */
async function filled(asker: pg.Client, sql: string): Promise<string> {
  let text = sql;
  for (const [whole, kind = "class", name] of sql.matchAll(/\{(?:(type|function) )?([a-z_]+\.[a-z0-9_]+)\}/g)) {
    const find = kind === "function" ? "to_regproc" : `to_reg${kind}`;
    const { rows } = await asker.query({ text: `SELECT ${find}($1)::oid`, values: [name], rowMode: "array" });
    text = text.replace(whole, String(rows[0]?.[0]));
  }
  return text;
}

/** Values that are taken from the database when the test runs, so that none stands in the corpus. */
async function bindsOf(asker: pg.Client, bind: string): Promise<Bind[]> {
  const raw = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;
  const text = `SELECT ${await filled(asker, bind)}`;
  const { rows, fields } = await asker.query({ text, rowMode: "array", types: raw });
  return fields.map(({ dataTypeID }, i) => ({ type: dataTypeID === TEXT ? 0 : dataTypeID, value: rows[0]?.[i] }));
}

async function answers(client: RawClient, one: Case, manner: Manner, said: readonly Said[]): Promise<Answer[]> {
  const given: Answer[] = [];
  if (one.undo) await say(client, "simple", "BEGIN");
  for (const { sql, binds, data } of said) given.push(await say(client, manner, sql, binds, data));
  // Whatever a case has left behind in the session is gone before the next one.
  if (one.undo) await say(client, "simple", "ROLLBACK");
  if (one.undo || one.statements.length > 1) await say(client, "simple", "DISCARD ALL");
  return given;
}

class Comparison {
  readonly #wrong: string[] = [];
  readonly #statement: Statement;
  readonly #identity: string;
  readonly #origins: ReadonlyMap<string, Origin>;
  readonly #cells: { clear: number; hidden: number };

  constructor(statement: Statement, identity: string, origins: ReadonlyMap<string, Origin>, cells: Innocence["cells"]) {
    this.#statement = statement;
    this.#identity = identity;
    this.#origins = origins;
    this.#cells = cells;
  }

  all(direct: Answer, through: Answer, manner: Manner): readonly string[] {
    const [wanted, got] = [direct, through].map(({ error }) => error?.get("C"));
    // Some types have no binary form: the server itself says so.
    if (wanted !== undefined && manner !== "binary") this.#say(`it does not run: ${direct.error?.get("M")}`);
    if (got !== wanted) this.#say(`refused: ${got} ${through.error?.get("M")}`);
    if (wanted !== undefined || got !== undefined) return this.#wrong;
    this.#same("command tag", direct.tag, through.tag);
    this.#same("notices", direct.notices.join(), through.notices.join());
    this.#same("columns", this.#described(direct), this.#described(through));
    this.#same("rows", direct.rows.length, through.rows.length);
    this.#copied(direct, through);
    if (this.#wrong.length === 0) this.#columns(direct, through);
    return this.#wrong;
  }

  #say(text: string): void {
    this.#wrong.push(`${text} in ${this.#statement.sql}`);
  }

  #same(what: string, one: string | number, other: string | number): void {
    if (one !== other) this.#say(`${what}: ${String(one).slice(0, 300)} became ${String(other).slice(0, 300)}`);
  }

  /** A table that was made in the session is another one in the other. */
  #described({ columns }: Answer): string {
    const known = (column: Column) => this.#origins.has(`${column.table} ${column.number}`);
    return JSON.stringify(columns?.map((column) => (known(column) ? column : { ...column, table: column.table > 0 })));
  }

  /** Lines of a COPY: all the same, or, where something is masked, as many and none the same. */
  #copied(direct: Answer, through: Answer): void {
    this.#same("lines", direct.copied.length, through.copied.length);
    const same = direct.copied.filter((line, i) => through.copied[i]?.equals(line)).length;
    const wanted = this.#statement.masked.size > 0 ? 0 : direct.copied.length;
    if (same !== wanted) this.#say(`${same} lines are the same, not ${wanted}`);
  }

  #columns(direct: Answer, through: Answer): void {
    for (const [i, column] of (direct.columns ?? []).entries()) {
      const pairs = direct.rows.map((row, r) => [row[i] ?? null, through.rows[r]?.[i] ?? null] as const);
      this.#expected(column);
      if (this.#statement.varies.has(column.name)) continue;
      if (this.#isHidden(column.name)) this.#hidden(column.name, pairs);
      else this.#clear(column.name, pairs);
    }
  }

  #isHidden(name: string): boolean {
    return this.#statement.masked.has(name) || this.#statement.partly.has(name);
  }

  /** What the corpus says of a column that is a table's own has to be what the policy means. */
  #expected({ name, table, number }: Column): void {
    const origin = this.#origins.get(`${table} ${number}`);
    const seen = origin === undefined ? null : sees(this.#identity, origin.schema, origin.table, origin.column);
    if (seen === null || seen !== this.#isHidden(name)) return;
    this.#say(`${this.#identity} ${seen ? "sees" : "does not see"} ${origin?.table}.${origin?.column}: column ${name}`);
  }

  #clear(name: string, pairs: readonly (readonly [Buffer | null, Buffer | null])[]): void {
    const other = pairs.filter(([one, two]) => (one === null ? two !== null : two === null || !one.equals(two)));
    this.#cells.clear += pairs.length - other.length;
    if (other.length > 0) this.#say(`${other.length} of ${pairs.length} cells of ${name} are not what they are`);
  }

  /** NULL stays NULL, everything else goes; of what keeps a part, not all of some values may stay. */
  #hidden(name: string, pairs: readonly (readonly [Buffer | null, Buffer | null])[]): void {
    const values = pairs.filter(([one]) => one !== null);
    const kept = values.filter(([one, two]) => two !== null && one?.equals(two)).length;
    const bound = values.length < SOME ? values.length : values.length - 1;
    this.#cells.hidden += pairs.length;
    if (kept > (this.#statement.partly.has(name) ? bound : 0))
      this.#say(`${kept} of ${values.length} cells of ${name} are shown`);
    if (pairs.some(([one, two]) => one === null && two !== null)) this.#say(`NULL of ${name} became a value`);
  }
}
