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

const ONE = /^\s*(set|reset)\s+(?:(?:session|local)\s+)?"?([a-z_][\w.]*)"?\s*(=|\bto\b|;|$)/i;
const ALL = /^\s*(reset|discard)\s+all\s*;?\s*$/i;
/** Beyond it, the oldest say nothing any more, and what is approved is never found again. */
const KEPT = 256;

/** May the command change a setting? Asked once per judged statement. */
export function setsSomething(analysis: Analysis): boolean {
  return analysis.statements.some(
    ({ facts, effects }) =>
      facts.kind === "set" ||
      facts.functions.some((f) => f.name === "pg_catalog.set_config") ||
      effects.some((e) => e.type === "discard"),
  );
}

export class SettingsSaid {
  /** False once something was set that analysis does not follow: who asks, or what a text means, is not known any more. */
  followed = true;
  readonly #said = new Map<string, string>();
  #unknown = 0;

  /** A command that may set something was permitted. @param binds number of bind values, which are not looked at */
  saw(text: string, analysis: Analysis, binds: number): void {
    if (analysis.statements.some((s) => s.facts.gaps.some((gap) => gap.reason === "setting"))) this.followed = false;
    if (analysis.statements.every((s) => s.facts.kind === "transaction")) return;
    const single = analysis.statements.length === 1;
    if (single && ALL.test(text)) {
      this.#said.clear();
      return;
    }
    const [, verb, name = ""] = (single ? ONE.exec(text) : null) ?? [];
    const key = name.toLowerCase();
    if (verb !== undefined && OF_NO_CONSEQUENCE.has(key)) return;
    if (verb?.toLowerCase() === "reset") this.#said.delete(key);
    else this.#keep(verb === undefined ? analysis.normalized : key, binds === 0 ? text : `${++this.#unknown}`);
  }

  #keep(key: string, value: string): void {
    this.#said.delete(key);
    this.#said.set(key, value);
    if (this.#said.size <= KEPT) return;
    for (const oldest of this.#said.keys()) if (this.#said.delete(oldest)) break;
    this.#said.set("", `${++this.#unknown}`);
  }

  /** As it is now, whatever is said later. */
  copy(): SettingsSaid {
    const copy = new SettingsSaid();
    copy.followed = this.followed;
    copy.#unknown = this.#unknown;
    for (const [key, value] of this.#said) copy.#said.set(key, value);
    return copy;
  }

  /** By name or normalized statement. */
  all(): Readonly<Record<string, string>> {
    return Object.fromEntries(this.#said);
  }
}
