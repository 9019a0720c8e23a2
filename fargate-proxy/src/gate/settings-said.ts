// Settings that a session was permitted to change and that the target does not report: part of what a command means, and so of what is
// approved. Texts of SET are compared, never shown.
import type { Analysis } from "#shared/facts.ts";

/**
 * Whatever they are, a statement does the same; or analysis follows them. Lower case. What the target reports is not among them: it does so
 * at Sync, when what came behind them in one batch has run.
 */
const OF_NO_CONSEQUENCE: ReadonlySet<string> = new Set([
  "application_name",
  "bytea_output",
  "client_encoding",
  "client_min_messages",
  "extra_float_digits",
  "idle_in_transaction_session_timeout",
  "idle_session_timeout",
  "jit",
  "lock_timeout",
  "plan_cache_mode",
  "search_path",
  "standard_conforming_strings",
  "statement_timeout",
  "transaction_timeout",
]);

const ONE = /^\s*(?:set|reset)\s+(?:(session|local)\s+)?"?([a-z_][\w.]*)"?\s*(=|\bto\b|;|$)/i;
const ALL = /^\s*(reset|discard)\s+all\s*;?\s*$/i;
/** set_config that holds beyond the transaction. */
const LASTING = /\bfalse\s*\)\s*(as\s+"?\w+"?\s*)?;?\s*$/i;
/** Beyond it, the oldest say nothing any more, and what is approved is never found again. */
const KEPT = 256;

/** May the command change a setting, or have a change undone? Asked once per judged statement. */
export function setsSomething(analysis: Analysis): boolean {
  return analysis.statements.some(
    ({ facts, effects }) =>
      facts.kind === "set" ||
      facts.functions.some((f) => f.name === "pg_catalog.set_config") ||
      effects.some((e) => e.type === "discard" || e.type === "transaction"),
  );
}

interface Said {
  /** The setting, or the whole command where it may be any; empty for a mark. */
  readonly of: string;
  readonly text: string;
  /** Done, and not to be undone any more by a failure or the end of a transaction. */
  readonly settled: boolean;
}

/** In the order in which it was said: what comes later counts. Where something may have been undone stands a mark that no other session has. */
export class SettingsSaid {
  /** False once something was set that analysis does not follow: who asks, or what a text means, is not known any more. */
  followed = true;
  readonly #session: string;
  #said: Said[] = [];
  #marks = 0;
  /** A transaction block was begun. */
  #inBlock = false;

  constructor(session: string) {
    this.#session = session;
  }

  /** A command that may set something, or end a transaction, was permitted. @param binds number of bind values, which are not looked at */
  saw(text: string, analysis: Analysis, binds: number): void {
    if (analysis.statements.some((s) => s.facts.gaps.some((gap) => gap.reason === "setting"))) this.followed = false;
    if (!analysis.statements.every((s) => s.facts.kind === "transaction")) this.#set(text, analysis, binds);
    for (const { effects } of analysis.statements)
      for (const effect of effects) {
        if (effect.type !== "transaction") continue;
        if (effect.what === "begin") this.#inBlock = true;
        else if (effect.what === "commit" || effect.what === "rollback") this.#inBlock = false;
        if (/^(commit|rollback|rollback-to)$/.test(effect.what)) this.undone();
      }
  }

  #set(text: string, { statements }: Analysis, binds: number): void {
    const single = statements.length === 1;
    const [, scope, found] = (single ? ONE.exec(text) : null) ?? [];
    const name = ALL.test(text) ? null : (found?.toLowerCase() ?? null);
    if (name !== null && OF_NO_CONSEQUENCE.has(name)) return;
    const of = name ?? text;
    this.#said = this.#said.filter((said) => said.of !== of);
    this.#said.push({ of, text: binds === 0 ? text : this.#newMark(), settled: false });
    const lasts = name === null ? single && (ALL.test(text) || LASTING.test(text)) : scope?.toLowerCase() !== "local";
    // Outside of a block, what is set for the transaction alone is not set.
    if (!lasts && !this.#inBlock) this.undone();
    this.#withoutFirstMarks();
    if (this.#said.length > KEPT) this.#said.splice(0, this.#said.length - KEPT, this.#mark("more"));
  }

  /** They speak of what was said anew since. */
  #withoutFirstMarks(): void {
    while (this.#said[0]?.of === "") this.#said.shift();
  }

  /** Something failed, or a transaction ended: what was said in it may be undone. */
  undone(): void {
    if (this.#said.some(({ settled }) => !settled) && this.#said.at(-1)?.of !== "") this.#said.push(this.#mark(""));
  }

  /** All that was said has been answered, and no transaction is open. Where RESET ALL was done, what was said before counts no more. */
  settle(): void {
    const all = this.#said.findLastIndex(({ of }) => ALL.test(of));
    if (this.#said.slice(all + 1).every(({ of }) => of !== "")) this.#said.splice(0, all + 1);
    this.#withoutFirstMarks();
    this.#said = this.#said.map((said) => ({ ...said, settled: true }));
  }

  #mark(of: string): Said {
    return { of, text: this.#newMark(), settled: true };
  }

  #newMark(): string {
    return `\0${this.#session} ${++this.#marks}`;
  }

  /** As it is now, whatever is said later. */
  copy(): SettingsSaid {
    const copy = new SettingsSaid(this.#session);
    copy.followed = this.followed;
    copy.#said = [...this.#said];
    copy.#marks = this.#marks;
    copy.#inBlock = this.#inBlock;
    return copy;
  }

  /** By place. */
  all(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#said.map(({ text }, i) => [String(i), text]));
  }
}
