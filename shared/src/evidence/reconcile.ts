// Completeness from outside: the target's own account of what ran, against the evidence. What the target ran and the evidence does not
// have went around the gateway. Texts are compared without their literals, and counted.
import type { LoggedCommand } from "./postgres-log.ts";

export type FindingKind =
  /** By a role that is not the gateway's. */
  | "around"
  /** By the gateway's role, of a session that the evidence does not have, or without naming one. */
  | "unknown-session"
  /** Of a session that the evidence has, more often than it says. */
  | "unrecorded"
  /** On the gateway's own connection for reading the catalog, and not such a reading. */
  | "catalog";

export interface Finding {
  readonly kind: FindingKind;
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

/** What the target ran of one text: where the first came from, and how often. */
interface Ran {
  readonly first: LoggedCommand;
  count: number;
}

/** `postern/<session>/<principal>`, as the gateway introduces itself; `postern/catalog` for its own questions. */
const OURS = /^postern\/([^/]+)/;
const CATALOG = "catalog";

/** How often the evidence says that each text ran, by the text without literals. */
export type Recorded = ReadonlyMap<string, number>;

/** Gathers what a log says. Memory grows with the number of different statements per session, not with the log. */
export class TargetAccount {
  readonly #roles: ReadonlySet<string>;
  readonly #sessions = new Map<string, Map<string, Ran>>();
  readonly #others = new Map<string, Ran>();
  /** The session that a backend last named: a client may set another application_name later. */
  readonly #backends = new Map<string, string>();
  commands = 0;

  /** @param roles the gateway's roles at the target */
  constructor(roles: ReadonlySet<string>) {
    this.#roles = roles;
  }

  /** Sessions that the log names. */
  get sessions(): readonly string[] {
    return [...this.#sessions.keys()].filter((session) => session !== CATALOG && session !== "");
  }

  add(command: LoggedCommand): void {
    this.commands += 1;
    if (!this.#roles.has(command.user)) {
      count(this.#others, `${command.user}\n${command.application}\n${command.host}\n${command.text}`, command);
      return;
    }
    const named = OURS.exec(command.application)?.[1];
    if (named !== undefined) this.#backends.set(command.pid, named);
    const session = named ?? this.#backends.get(command.pid) ?? "";
    const texts = this.#sessions.get(session) ?? new Map<string, Ran>();
    this.#sessions.set(session, texts);
    count(texts, command.text, command);
  }

  /**
   * @param recorded what the evidence has of a session; null when it does not know the session
   * @param readsCatalog is this text one that only asks the target about its catalog?
   */
  *findings(
    recorded: (session: string) => Recorded | null,
    readsCatalog: (text: string) => boolean,
  ): Generator<Finding> {
    for (const { first, count: times } of this.#others.values()) yield finding("around", first, times);
    for (const [session, texts] of this.#sessions) {
      const known = session === CATALOG || session === "" ? null : recorded(session);
      for (const [text, { first, count: times }] of texts) {
        if (session === CATALOG) {
          if (!readsCatalog(text)) yield finding("catalog", first, times);
        } else if (known === null) yield finding("unknown-session", first, times, session);
        else if (times > (known.get(text) ?? 0))
          yield finding("unrecorded", first, times - (known.get(text) ?? 0), session);
      }
    }
  }
}

function count(texts: Map<string, Ran>, key: string, command: LoggedCommand): void {
  const known = texts.get(key);
  if (known === undefined) texts.set(key, { first: command, count: 1 });
  else known.count += 1;
}

function finding(kind: FindingKind, first: LoggedCommand, times: number, session = ""): Finding {
  const { user, application, host, text, time } = first;
  return { kind, user, application, host, ...(session === "" ? {} : { session }), text, count: times, time };
}
