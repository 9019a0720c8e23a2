// A session with a PostgreSQL whose every statement is analysed, run, and compared with what the server says of it. What the session
// knows (search_path, temporary relations, prepared statements) is followed by the gateway's own parts.
import { setImmediate as immediately, setTimeout as sleep } from "node:timers/promises";
import pg from "pg";
import { withReferred } from "#proxy/gate/refers.ts";
import type { Judgement } from "#proxy/protocol.ts";
import { catalogFingerprint, takeSnapshot } from "#proxy/protocols/postgres/catalog.ts";
import { ContextTracker } from "#proxy/protocols/postgres/context.ts";
import { fullName, isSystemSchema, Lookup } from "#shared/analysis/sql/lookup.ts";
import type { CatalogSnapshot, SnapshotRelation } from "#shared/catalog.ts";
import type { AnalysedStatement, Analysis, Facts } from "#shared/facts.ts";
import { type Analyse, analyser } from "#test/support/analysis.ts";
import { columnsDisagree, dependenciesDisagree, locksDisagree, type ShownColumn } from "./agree.ts";
import type { Around } from "./excuses.ts";
import {
  type Dependency,
  dependenciesOf,
  dependencyOf,
  EVENT_TRIGGERS,
  KEYS,
  LOCKS,
  type Lock,
  locksOf,
} from "./observe.ts";

type Row = readonly (string | null)[];

/** What came of one statement. */
export interface Outcome {
  readonly facts: Facts;
  /** The server ran it. */
  readonly ran: boolean;
  readonly disagreements: readonly string[];
}

interface Answer {
  readonly tag: string;
  readonly columns: readonly { readonly name: string; readonly table: number; readonly attribute: number }[] | null;
}

const OPTIONS = "-c statement_timeout=5s -c lock_timeout=2s -c client_min_messages=error";
const TYPES = { getTypeParser: () => (text: string) => text } as unknown as pg.CustomTypesConfig;

export class OracleSession {
  readonly #place: pg.ClientConfig;
  #catalog: pg.Client;
  #client: pg.Client;
  #snapshot: CatalogSnapshot;
  #analyse!: Analyse;
  #lookup!: Lookup;
  #tracker!: ContextTracker;
  /** Transaction status of the last ReadyForQuery; null while a query is under way. */
  #status: string | null = "I";
  #tag = "";
  #ended = false;
  #strayed = false;
  /** Pairs of relations with a foreign key between them, when the snapshot was taken. */
  #keys: ReadonlySet<string> = new Set();
  #eventTriggers = false;
  #named = new Map<string, Judgement>();

  private constructor(place: pg.ClientConfig, catalog: pg.Client, client: pg.Client, snapshot: CatalogSnapshot) {
    this.#place = place;
    this.#catalog = catalog;
    this.#client = client;
    this.#snapshot = snapshot;
  }

  static async open(place: pg.ClientConfig, before?: CatalogSnapshot): Promise<OracleSession> {
    const catalog = await connected(place);
    const snapshot = await takeSnapshot(asking(catalog), "oracle", before);
    const session = new OracleSession(place, catalog, catalog, snapshot);
    await session.#take(snapshot);
    await session.reconnect();
    return session;
  }

  get snapshot(): CatalogSnapshot {
    return this.#snapshot;
  }

  async reconnect(): Promise<void> {
    if (this.#client !== this.#catalog) await this.#client.end().catch(() => undefined);
    const client = new pg.Client({ ...this.#place, options: OPTIONS });
    const lost = (): void => {
      if (client === this.#client) this.#ended = true;
    };
    client.on("error", lost).on("end", lost);
    const { connection } = client as unknown as { connection: NodeJS.EventEmitter };
    let path: string | undefined;
    connection.on("parameterStatus", (message: { parameterName: string; parameterValue: string }) => {
      if (message.parameterName !== "search_path") return;
      path ??= message.parameterValue;
      this.#tracker?.reportedPath(message.parameterValue);
    });
    connection.on("readyForQuery", (message: { status: string }) => {
      this.#status = message.status;
    });
    connection.on("commandComplete", (message: { text: string }) => {
      this.#tag = message.text;
    });
    await client.connect();
    this.#client = client;
    this.#ended = this.#strayed = false;
    this.#named.clear();
    this.#tracker = new ContextTracker("oracle", this.#snapshot.role, this.#snapshot.searchPath, path);
  }

  async close(): Promise<void> {
    await this.#client.end().catch(() => undefined);
    await this.#catalog.end();
  }

  /** Null for a text that the parser does not take, and for one that ended the connection. */
  async step(sql: string): Promise<Outcome | null> {
    try {
      return await this.#step(sql);
    } catch (error) {
      if (!this.#ended && !/connection/i.test(String(error))) throw error;
      // Some statement of 18.6 brings an older 18 down; it comes back by itself.
      await this.#catalog.end().catch(() => undefined);
      this.#catalog = this.#client = await connected(this.#place);
      await this.reconnect();
      return null;
    }
  }

  async #step(sql: string): Promise<Outcome | null> {
    const statement = this.#facts(sql);
    if (statement === null) {
      await this.#run(sql).catch((error: unknown) => {
        if (this.#ended) throw error;
      });
      return null;
    }
    const { facts } = statement;
    const unsettled = this.#tracker.current.unsettled === true;
    const started = this.#status;
    const autocommit = started === "I" && !ALONE.has(facts.kind);
    const dependencies = await this.#dependencies(sql, facts);
    const before = autocommit || !facts.complete || started === "E" ? [] : await this.#locks();
    if (autocommit) await this.#run("BEGIN");
    const done = await this.#observe(sql, autocommit, facts.complete);
    const around = this.#around(sql, done?.answer.tag ?? "");
    const found = done === null || !facts.complete ? [] : this.#compare(facts, done, before, dependencies, around);
    if (done !== null && facts.gaps.some((gap) => gap.reason === "temporary")) this.#strayed = true;
    // The gateway refuses what makes temporary relations that cannot be followed; here they come to be all the same, and so do
    // relations in schemas that this transaction has made.
    const temporary =
      this.#strayed && [sql, ...facts.relations.map((f) => f.relation), ...found].some((text) => /pg_temp/.test(text));
    const disagreements = temporary || (unsettled && facts.kind === "define") ? [] : found;
    if (done !== null) this.#completed(sql, statement, done.answer.tag);
    await this.#settle(facts, done !== null);
    return { facts, ran: done !== null, disagreements };
  }

  #facts(sql: string): AnalysedStatement | null {
    let analysis: Analysis;
    const { searchPath, temporary, unsettled } = this.#tracker.current;
    try {
      analysis = this.#analyse(sql, { searchPath, temporary, unsettled: unsettled === true });
    } catch (error) {
      if (error instanceof Error && error.name === "SqlError") return null;
      throw error;
    }
    const referred = withReferred(analysis, (kind, name) => this.#named.get(`${kind} ${name}`));
    return referred.statements.length === 1 ? referred.statements[0]! : null;
  }

  /** What a view of a query would depend on; null where there can be no such view. */
  async #dependencies(sql: string, facts: Facts): Promise<readonly Dependency[] | null> {
    if (facts.kind !== "select" || !facts.complete || facts.outputs === null || this.#status !== "I") return null;
    if (facts.outputs.length === 0) return null;
    try {
      const results = await this.#results(`BEGIN; ${dependenciesOf(sql, facts.outputs.length)}`);
      return results.at(-1)!.rows.map(dependencyOf);
    } catch {
      return null;
    } finally {
      await this.#run("ROLLBACK");
    }
  }

  /** Runs the statement; the locks that it leaves are looked at before its transaction ends. Null when the server refuses it. */
  async #observe(
    sql: string,
    autocommit: boolean,
    looking: boolean,
  ): Promise<{ answer: Answer; after: readonly Lock[] | null } | null> {
    try {
      const answer = await this.#run(sql);
      const after = looking && this.#status === "T" ? await this.#locks() : null;
      if (autocommit) await this.#run("COMMIT");
      return { answer, after };
    } catch (error) {
      if (!autocommit && !this.#ended) return null;
      await this.#run("ROLLBACK");
      // Some statements are not run inside a transaction, so that their locks cannot be seen.
      if ((error as { code?: string }).code !== "25001") return null;
      return this.#run(sql).then(
        (answer) => ({ answer, after: null }),
        () => null,
      );
    }
  }

  #compare(
    facts: Facts,
    done: { answer: Answer; after: readonly Lock[] | null },
    before: readonly Lock[],
    dependencies: readonly Dependency[] | null,
    around: Around,
  ): string[] {
    const columns =
      done.answer.columns?.map(
        ({ name, table, attribute }): ShownColumn => ({ name, origin: this.#origin(table, attribute) }),
      ) ?? null;
    return [
      ...columnsDisagree(facts, columns),
      ...(dependencies === null ? [] : dependenciesDisagree(facts, dependencies)),
      ...(done.after === null ? [] : locksDisagree(facts, before, done.after, around)),
    ];
  }

  /** The relation and column that RowDescription names, if they are a user's and the analysis could know them. */
  #origin(table: number, attribute: number): ShownColumn["origin"] {
    const relation = this.#lookup.relationByOid(table);
    const column = relation?.columns.find(({ number }) => number === attribute);
    if (relation === undefined || column === undefined || table < 16384) return null;
    return { relation: fullName(relation), column: column.name };
  }

  #around(sql: string, tag: string): Around {
    const lookup = this.#lookup;
    const find = (name: string): SnapshotRelation | undefined => {
      const dot = name.indexOf(".");
      return lookup.relation(name.slice(0, dot), name.slice(dot + 1));
    };
    return {
      family(name) {
        const relation = find(name);
        return relation === undefined || isSystemSchema(relation.schema) ? null : lookup.family(relation).map(fullName);
      },
      guarded: (name) => find(name)?.rowSecurity === true,
      kind: (name) => find(name)?.kind ?? null,
      keyed: (one, other) => this.#keys.has(`${one} ${other}`) || this.#keys.has(`${other} ${one}`),
      eventTriggers: this.#eventTriggers,
      tag,
      conditional: /\bif\s+(not\s+)?exists\b/i.test(sql),
      cascades: /\bcascade\b/i.test(sql),
    };
  }

  #completed(sql: string, statement: AnalysedStatement, tag: string): void {
    this.#tracker.completed(statement, tag, sql);
    const judgement: Judgement = {
      text: sql,
      ref: 0,
      held: false,
      analysis: { statements: [statement], normalized: "", fingerprint: "", literalFree: false },
    };
    for (const effect of statement.effects) {
      if (effect.type === "prepare") this.#named.set(`prepared ${effect.name}`, judgement);
      else if (effect.type === "declare") this.#named.set(`cursor ${effect.name}`, judgement);
      else if (effect.type === "search_path" || effect.type === "discard") this.#forget();
    }
    if (this.#status === "I") this.#tracker.committed();
  }

  /** Names that were prepared may mean something else now. */
  #forget(): void {
    for (const name of this.#named.keys()) if (name.startsWith("prepared ")) this.#named.delete(name);
  }

  /** Code that is not known may change the catalog as well as a definition that is. */
  async #settle(facts: Facts, ran: boolean): Promise<void> {
    if (ran && !facts.complete) this.#tracker.unsettled = true;
    if (!this.#tracker.unsettled) return;
    if (this.#status !== "I") this.#tracker.unsettle();
    else {
      const ask = asking(this.#catalog);
      this.#keys = new Set((await ask(KEYS)).map(([pair]) => pair ?? ""));
      if ((await catalogFingerprint(ask)) !== this.#snapshot.fingerprint) {
        await this.#take(await takeSnapshot(ask, "oracle", this.#snapshot));
        this.#forget();
      }
      this.#tracker.settle();
    }
  }

  async #take(snapshot: CatalogSnapshot): Promise<void> {
    this.#snapshot = snapshot;
    this.#lookup = new Lookup(snapshot);
    this.#analyse = await analyser(snapshot);
    this.#keys = new Set((await asking(this.#catalog)(KEYS)).map(([pair]) => pair ?? ""));
    this.#eventTriggers = (await asking(this.#catalog)(EVENT_TRIGGERS)).length > 0;
  }

  async #locks(): Promise<readonly Lock[]> {
    const named = (oid: number): string | null => {
      const relation = this.#lookup.relationByOid(oid);
      return relation === undefined || relation.kind === "composite" ? null : fullName(relation);
    };
    return locksOf((await this.#results(LOCKS)).at(-1)!.rows, named);
  }

  async #results(sql: string): Promise<readonly pg.QueryArrayResult<Row & string[]>[]> {
    this.#status = null;
    const result = await this.#client
      .query({ text: sql, rowMode: "array", types: TYPES })
      .catch(async (error: unknown) => {
        // The client tells of an error before the server is ready for more.
        while (this.#status === null && !this.#ended) await immediately();
        throw error;
      });
    return (Array.isArray(result) ? result : [result]) as pg.QueryArrayResult<Row & string[]>[];
  }

  async #run(sql: string): Promise<Answer> {
    const { fields } = (await this.#results(sql)).at(-1)!;
    const columns = fields.map(({ name, tableID, columnID }) => ({ name, table: tableID, attribute: columnID }));
    return { tag: this.#tag, columns: columns.length === 0 ? null : columns };
  }
}

/** Statements about the transaction itself. */
const ALONE: ReadonlySet<Facts["kind"]> = new Set(["transaction", "empty"]);

/** Waits for a server that is coming up. @throws when it does not within a minute */
export async function connected(place: pg.ClientConfig): Promise<pg.Client> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client(place);
    client.on("error", () => undefined);
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (tries === 120) throw error;
      await sleep(500);
    }
  }
}

const asking =
  (client: pg.Client) =>
  async (sql: string): Promise<readonly Row[]> => {
    const result = await client.query({ text: sql, rowMode: "array", types: TYPES });
    const last = (Array.isArray(result) ? result.at(-1) : result) as pg.QueryArrayResult<Row & string[]>;
    return last.rows;
  };
