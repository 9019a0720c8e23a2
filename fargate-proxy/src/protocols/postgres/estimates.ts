// What the planner expects of a statement: plain EXPLAIN on a connection of the gateway's own, in a transaction that can write nothing.
import type { Target } from "#shared/target.ts";
import type { CredentialPort } from "../../ports/credentials.ts";
import type { EstimatePort } from "../../ports/estimates.ts";
import { withCredential } from "./credential.ts";
import { openQuestions, type Questions } from "./questions.ts";
import type { UpstreamParts } from "./reach.ts";

/** Whoever comes when so many wait gets none: an estimate is a help, and holds nobody up. */
const MOST_WAITING = 8;
const PLANNING_MS = 500;

interface Plan {
  readonly "Node Type": string;
  readonly "Plan Rows": number;
  readonly Plans?: readonly Plan[];
}

export interface RunningEstimates extends EstimatePort {
  close(): void;
}

export function postgresEstimates(
  parts: UpstreamParts,
  targets: ReadonlyMap<string, Target>,
  credentials: CredentialPort,
): RunningEstimates {
  const planners = new Map([...targets].map(([name, target]) => [name, new Planner(parts, target, credentials)]));
  return {
    rows: async (target, text, searchPath) => (await planners.get(target)?.rows(text, searchPath)) ?? null,
    close: () => {
      for (const planner of planners.values()) planner.close();
    },
  };
}

class Planner {
  readonly #parts: UpstreamParts;
  readonly #target: Target;
  readonly #credentials: CredentialPort;
  #questions: Questions | null = null;
  #waiting = 0;
  #busy: Promise<unknown> = Promise.resolve();

  constructor(parts: UpstreamParts, target: Target, credentials: CredentialPort) {
    this.#parts = parts;
    this.#target = target;
    this.#credentials = credentials;
  }

  async rows(text: string, searchPath: readonly string[]): Promise<number | null> {
    if (this.#waiting >= MOST_WAITING) return null;
    this.#waiting++;
    // One at a time: each is a transaction of several questions.
    const asked = this.#busy.then(() => this.#ask(text, searchPath)).catch(() => null);
    this.#busy = asked;
    return asked.finally(() => this.#waiting--);
  }

  async #ask(text: string, searchPath: readonly string[]): Promise<number | null> {
    const { query } = await this.#connected();
    try {
      await query("BEGIN READ ONLY");
      await query(`SET LOCAL statement_timeout = ${PLANNING_MS}`);
      await query(`SET LOCAL search_path = ${searchPath.map(quoted).join(", ") || "''"}`);
      // Servers before 16 do not plan without values.
      const generic = /\$\d/.test(text) ? ", GENERIC_PLAN" : "";
      const [[json] = []] = await query(`EXPLAIN (FORMAT JSON${generic}) ${text}`);
      return rowsOf((JSON.parse(json ?? "") as readonly { readonly Plan: Plan }[])[0]?.Plan);
    } finally {
      await query("ROLLBACK");
    }
  }

  async #connected(): Promise<Questions> {
    if (this.#questions?.alive === true) return this.#questions;
    const questions = await withCredential(
      (refused) => this.#credentials.fetch(this.#target.name, refused),
      (password) => openQuestions(this.#parts, this.#target, password),
    );
    await questions.query("SET client_encoding = 'UTF8'");
    this.#questions = questions;
    return questions;
  }

  close(): void {
    this.#questions?.end();
    this.#questions = null;
  }
}

/** What changes rows has a plan of its own on top, which says 0 unless it returns them. */
function rowsOf(plan: Plan | undefined): number | null {
  if (plan === undefined) return null;
  if (plan["Node Type"] !== "ModifyTable") return plan["Plan Rows"];
  return (plan.Plans ?? []).reduce((sum, below) => sum + below["Plan Rows"], 0);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
