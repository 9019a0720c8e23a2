// Completeness from outside: the target's own account of what ran, against the evidence. What the target ran and the evidence does not
// have went around the gateway. Texts are compared without their literals, and counted; when they ran is held against when the gateway said so.
import { copied, copiedCommand, type Logged, type LoggedCommand, type Source } from "./logged.ts";
import { AuditedCommands, hasSessionId } from "./pgaudit.ts";
import { type Claimed, type Ran, type Recorded, STEP, unannounced } from "./recorded.ts";

export type FindingKind =
  /** By a role that is not the gateway's. */
  | "around"
  /** A line that speaks of a command, and does not fit the prefix that the log is said to have. */
  | "unreadable"
  /** By the gateway's role, on a database that no target names. */
  | "elsewhere"
  /** By the gateway's role, of a session that the evidence does not have, or without naming one. */
  | "unknown-session"
  /** Of a session that the evidence has, on a second connection under its name. */
  | "borrowed"
  /** Of a session that the evidence has, more often than it says, or when it did not say so. */
  | "unrecorded"
  /** On the gateway's own connection for reading the catalog, and not such a reading. */
  | "catalog";

export interface Finding {
  readonly kind: FindingKind;
  readonly source: Source;
  readonly user: string;
  readonly application: string;
  readonly host: string;
  readonly session?: string;
  /** Without literals. */
  readonly text: string;
  readonly count: number;
  /** Of the first, as the log has it. */
  readonly time: string;
}

interface Gathered extends Claimed {
  readonly texts: Map<string, Ran>;
  /** Connections under its name. The one that is there first is taken for its own. */
  readonly backends: Map<string, Ran>;
}

export interface Expectation {
  /** The gateway's roles at this target. */
  readonly roles: ReadonlySet<string>;
  readonly database: string;
  /** Does some target of the gateway name this database with this role? */
  readonly isTarget: (database: string, user: string) => boolean;
  /** Roles that may come another way: `role`, or `role@address`. */
  readonly expected: ReadonlySet<string>;
}

/** `postern/<session>/<principal>`, as the gateway introduces itself; `postern/catalog` for its own questions. */
const OURS = /^postern\/([^/]+)/;
const CATALOG = "catalog";

export class TargetAccount {
  /** How many commands, logins and other things there were. Nothing is dropped without being counted. */
  readonly totals = {
    commands: 0,
    logins: 0,
    otherDatabases: {} as Record<string, number>,
    expected: {} as Record<string, number>,
  };
  /** When the first and the last command of each source ran. */
  readonly spans = new Map<Source, { first: number; last: number }>();
  readonly #want: Expectation;
  readonly #audited = new AuditedCommands();
  readonly #sessions = new Map<string, Gathered>();
  readonly #others = new Map<string, Finding & { count: number }>();
  /** The session that a backend last named: a client may set another application_name later. */
  readonly #backends = new Map<string, string>();

  constructor(want: Expectation) {
    this.#want = want;
  }

  /** Sessions that it names. */
  get sessions(): ReadonlySet<string> {
    return new Set(
      [...this.#sessions.values()].map(({ session }) => session).filter((id) => id !== CATALOG && id !== ""),
    );
  }

  /** Did the gateway's role run anything? */
  get ours(): boolean {
    return this.#sessions.size > 0;
  }

  add(logged: Logged): void {
    if (logged.source === "login") this.#login(logged);
    else if (logged.source === "unreadable") this.#other("unreadable", { ...logged, source: "log", text: "" });
    else if (logged.audit === undefined) this.#command(logged);
    else for (const command of this.#audited.push(logged)) this.#command(command);
  }

  /** After the last one. */
  end(): void {
    for (const command of this.#audited.end()) this.#command(command);
    // What came before the line that says whose connection it was, where an account is not in order.
    for (const [key, nameless] of this.#sessions) {
      const session = nameless.session === "" ? this.#backends.get([...nameless.backends.keys()][0] ?? "") : undefined;
      if (session === undefined) continue;
      this.#sessions.delete(key);
      const named = this.#gathered(nameless.source, session, "");
      for (const [text, ran] of nameless.texts) add(named.texts, text, ran);
      for (const [backend, ran] of nameless.backends) add(named.backends, backend, ran);
    }
  }

  #login({ user, application, backend }: Logged): void {
    this.totals.logins += 1;
    if (!hasSessionId(backend)) for (const command of this.#audited.forget(backend)) this.#command(command);
    const named = this.#want.roles.has(user) ? OURS.exec(application)?.[1] : undefined;
    if (named === undefined) this.#backends.delete(backend);
    else this.#name(backend, named);
  }

  #command(command: LoggedCommand): void {
    const { user, host, database, source } = command;
    const { roles, expected, isTarget } = this.#want;
    if (database !== this.#want.database) {
      if (roles.has(user) && !isTarget(database, user)) this.#other("elsewhere", command);
      else tally(this.totals.otherDatabases, database);
      return;
    }
    const ours = roles.has(user);
    const by = [`${user}@${host}`, user].find((name) => expected.has(name));
    if (by !== undefined && !ours) {
      tally(this.totals.expected, by);
      return;
    }
    this.totals.commands += 1;
    const span = this.spans.get(source);
    if (span === undefined) this.spans.set(source, { first: command.at, last: command.at });
    else {
      span.first = Math.min(span.first, command.at);
      span.last = Math.max(span.last, command.at);
    }
    if (ours) this.#ours(command);
    else this.#other("around", command);
  }

  #other(kind: FindingKind, command: LoggedCommand): void {
    const { user, application, host, text, source, database } = command;
    const key = [kind, source, user, application, host, database, text].join("\n");
    const known = this.#others.get(key);
    if (known === undefined) this.#others.set(copied(key), finding(kind, copiedCommand(command), 1));
    else known.count += 1;
  }

  #ours(command: LoggedCommand): void {
    const { backend, source, application, text } = command;
    const named = OURS.exec(application)?.[1];
    if (named !== undefined) this.#name(backend, named);
    const session = named ?? this.#backends.get(backend) ?? "";
    // A process id can be somebody else's later: what it means is decided at once.
    const gathered = this.#gathered(source, session, session === "" && hasSessionId(backend) ? backend : "");
    count(gathered.texts, text, command);
    if (session !== CATALOG && (session !== "" || hasSessionId(backend))) count(gathered.backends, backend, command);
  }

  #name(backend: string, session: string): void {
    if (this.#backends.get(backend) !== session) this.#backends.set(copied(backend), copied(session));
  }

  #gathered(source: Source, session: string, backend: string): Gathered {
    const key = `${source}\n${session}\n${backend}`;
    const known = this.#sessions.get(key);
    if (known !== undefined) return known;
    const made = { session: copied(session), source, texts: new Map(), backends: new Map() };
    this.#sessions.set(copied(key), made);
    return made;
  }

  /**
   * @param recorded what the evidence has of a session; null when it does not know the session
   * @param readsCatalog is this text one that only asks the target about its catalog?
   * @param clockMs how far the target's clock and the gateway's may be apart
   */
  async *findings(
    recorded: (session: string) => Promise<Recorded | null>,
    readsCatalog: (text: string) => boolean,
    clockMs: number,
  ): AsyncGenerator<Finding> {
    yield* this.#others.values();
    for (const { session, source, texts, backends } of this.#sessions.values()) {
      if (session === CATALOG) {
        for (const [text, { first, count: times }] of texts)
          if (!readsCatalog(text)) yield finding("catalog", first, times);
        continue;
      }
      const known = session === "" ? null : await recorded(session);
      if (known === null) {
        for (const { first, count: times } of texts.values()) yield finding("unknown-session", first, times, session);
        continue;
      }
      const [, ...others] = [...backends.values()].sort((a, b) => a.first.at - b.first.at);
      for (const { first, count: times } of others) yield finding("borrowed", first, times, session);
      const since = this.spans.get(source)?.first ?? Number.NaN;
      for (const { first, times } of unannounced({ session, source, texts }, known, { since, clockMs }))
        yield finding("unrecorded", first, times, session);
    }
  }
}

function tally(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}

function count(counted: Map<string, Ran>, key: string, command: LoggedCommand): void {
  const step = Math.floor(command.at / STEP);
  const known = counted.get(key);
  if (known === undefined)
    counted.set(copied(key), { first: copiedCommand(command), steps: new Map([[step, 1]]), count: 1 });
  else {
    known.count += 1;
    if (command.at < known.first.at) known.first = copiedCommand(command);
    known.steps.set(step, (known.steps.get(step) ?? 0) + 1);
  }
}

function add(counted: Map<string, Ran>, key: string, { first, steps, count: times }: Ran): void {
  const known = counted.get(key);
  if (known === undefined) {
    counted.set(key, { first, steps: new Map(steps), count: times });
    return;
  }
  known.count += times;
  if (first.at < known.first.at) known.first = first;
  for (const [step, n] of steps) known.steps.set(step, (known.steps.get(step) ?? 0) + n);
}

function finding(kind: FindingKind, first: LoggedCommand, times: number, session = ""): Finding & { count: number } {
  const { source, user, application, host, text, time } = first;
  return { kind, source, user, application, host, ...(session === "" ? {} : { session }), text, count: times, time };
}
