// The gateway's own questions to a target, about its catalog: over a connection of their own that no client ever speaks on.
import { serialize } from "pg-protocol";
import type { Target } from "#shared/target.ts";
import { nextMessage } from "./backend.ts";
import { PeerGone } from "./inbox.ts";
import type { UpstreamParts } from "./reach.ts";
import { logInToTarget } from "./upstream.ts";

export interface Questions {
  /** Runs SQL of the gateway's own; the rows of the last result, as text. @throws when it fails, with its SQLSTATE only */
  query(sql: string): Promise<readonly (readonly (string | null)[])[]>;
  /** False once the connection is gone: open another. */
  readonly alive: boolean;
  end(): void;
}

/** All columns of a catalog in one JSON value. */
const LONGEST_MESSAGE = 512 * 1024 * 1024;
/** A target that does not answer is gone: the next question opens another connection. */
const PATIENCE_MS = 15_000;

/** @throws TargetFailure */
export async function openQuestions(parts: UpstreamParts, target: Target, password: string): Promise<Questions> {
  const login = { password, application: "postern/catalog", settings: new Map<string, string>() };
  const { stream, inbox } = await logInToTarget(parts, target, login);
  let busy: Promise<unknown> = Promise.resolve();

  const ask = async (sql: string) => {
    const timer = setTimeout(() => stream.destroy(), PATIENCE_MS);
    return answered(sql).finally(() => clearTimeout(timer));
  };

  const answered = async (sql: string) => {
    stream.write(serialize.query(sql));
    let rows: (readonly (string | null)[])[] = [];
    let failed = "";
    for (;;) {
      const message = await nextMessage(inbox, LONGEST_MESSAGE);
      if (message.type === "columns") rows = [];
      else if (message.type === "row") rows.push(message.cells);
      else if (message.type === "error") failed = message.sqlstate;
      else if (message.type === "ready") {
        if (failed !== "") throw new Error(`a question about the catalog failed (${failed})`);
        return rows;
      }
    }
  };

  return {
    // One at a time: answers come in the order of the questions.
    query(sql) {
      const answer = busy.then(() => ask(sql));
      busy = answer.catch((error: unknown) => {
        if (error instanceof PeerGone) stream.destroy();
      });
      return answer;
    },
    get alive() {
      return !inbox.closed && !stream.destroyed;
    },
    end: () => void stream.end(serialize.end(), () => stream.destroy()),
  };
}
