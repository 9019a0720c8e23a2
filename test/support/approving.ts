// People who answer requests for approval in a home of a test, by the tokens that they get there.
import { execFile } from "node:child_process";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openLocalAnswers } from "#proxy/adapters/local-answers.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { TestHome } from "./home.ts";
import { ROOT } from "./project.ts";
import { environment } from "./settings.ts";

export interface Ran {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Approving {
  /** Runs the command line on this home. */
  postern(...args: string[]): Promise<Ran>;
  /** The one open request (made after `since`, milliseconds since the epoch); waits for it. */
  asked(since?: number): Promise<ApprovalState>;
  state(id: string): Promise<ApprovalState>;
  /** @returns the status afterwards, or why it did not count */
  answer(id: string, as: string, decision?: "approve" | "deny"): Promise<string>;
  /** Waits until the request is in that state. */
  until(id: string, status: ApprovalState["status"]): Promise<ApprovalState>;
  close(): void;
}

const PATIENCE_MS = 10_000;

/** Runs the command line as a process of its own. */
export function runPostern(args: readonly string[], more: Readonly<Record<string, string>>): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(join(ROOT, "cli/postern.mjs"), args, { env: { ...environment(), ...more } }, (error, out, err) =>
      resolve({ code: error === null ? 0 : Number(error.code), out, err }),
    ).stdin?.end();
  });
}

export function approving(home: TestHome): Approving {
  const answers = openLocalAnswers(home.state.root, Date.now);
  const state = async (id: string) => {
    const found = await answers.show(id);
    if (found === null) throw new Error(`no request ${id}`);
    return found;
  };
  const wait = async <T>(look: () => Promise<T | undefined>, what: string): Promise<T> => {
    for (const end = Date.now() + PATIENCE_MS; Date.now() < end; await sleep(20)) {
      const found = await look();
      if (found !== undefined) return found;
    }
    throw new Error(`${what} did not come`);
  };
  return {
    postern: (...args) => runPostern(args, { POSTERN_STATE: home.state.root }),
    asked: (since = 0) =>
      wait(
        async () => (await answers.list(false)).find((s) => s.status === "open" && s.request.createdAt >= since),
        "a request",
      ),
    state,
    until: (id, status) =>
      wait(async () => {
        const now = await state(id);
        return now.status === status ? now : undefined;
      }, `${status} of ${id}`),
    answer: async (id, as, decision = "approve") => {
      const token = await home.token(as);
      const after = await answers.answer({ token, id, decision, reason: "ticket 4711" });
      return "refused" in after ? after.refused : after.status;
    },
    close: () => answers.close(),
  };
}
