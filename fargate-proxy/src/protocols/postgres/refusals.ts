// Saying no to the client at the right place, and what has to happen at the target then.
import { Refusal } from "#shared/errors.ts";
import type { Core } from "./core.ts";
import { CLOSE_UNNAMED, FLUSH, SYNC as SYNC_FRAME } from "./encode.ts";
import { ABORT, CLOSE, type Kind, LOCAL, Op, QUERY, SILENT, SYNC } from "./ops.ts";

export class Refusals {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** A refusal that this protocol itself decided on. */
  own(kind: Kind, refusal: Refusal): true {
    void this.#core.session.refused(refusal, null);
    this.refuse(kind, refusal);
    return true;
  }

  /**
   * Answers with the refusal at its place, then goes on as the target does after an error.
   * @param unnamed what was refused is a new unnamed statement: the target would have dropped the old one before it said no
   */
  refuse(kind: Kind, refusal: Refusal, unnamed = kind === QUERY): void {
    const core = this.#core;
    const local = new Op(LOCAL);
    local.refusal = refusal;
    // The target may be skipping already, and this too: a Sync of ours must not put an end to that.
    const alone = kind === QUERY && core.maySkip;
    if (alone) core.queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
    core.queue.push(local);
    if (unnamed) this.#dropUnnamed(alone);
    core.queue.push(new Op(ABORT));
    if (kind !== QUERY) {
      core.groupOpen = core.maySkip = core.skipping = true;
      return;
    }
    // After a simple query the client waits for ReadyForQuery: the target's own carries the true transaction status.
    const sync = new Op(SYNC).forwards(SYNC_FRAME, 0, SYNC_FRAME.length);
    sync.alone = alone;
    core.queue.push(sync);
    core.endGroup();
  }

  #dropUnnamed(alone: boolean): void {
    const { statements, queue } = this.#core;
    if (statements.get("") === undefined && !statements.uncertain("")) return;
    const close = new Op(CLOSE).forwards(CLOSE_UNNAMED, 0, CLOSE_UNNAMED.length);
    close.ofStatement = close.hidden = true;
    close.alone = alone;
    statements.begin("", null);
    queue.push(close);
    if (alone) queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
  }

  /** The client broke the protocol: the session ends. */
  violation(what: string): true {
    const refusal = new Refusal("protocol-violation", { detail: what });
    void this.#core.session.refused(refusal, null);
    this.#core.fail(refusal);
    return true;
  }
}

export function notUtf8(): Refusal {
  return new Refusal("statement-syntax", {
    message: "the statement is not valid UTF-8",
    hint: "Send statements as UTF-8.",
  });
}

export function pathInMotion(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "search_path was changed earlier in the same batch, and the target has not said to what",
    hint: "End the batch (Sync) after SET search_path, then send the rest.",
  });
}

export function pathMayGoBack(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "search_path was changed in this transaction, and may be another once that has ended",
    hint: "Send what ends the transaction (or goes back to the savepoint) by itself, then the rest.",
  });
}

export function unknownStatement(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "the gateway does not know this prepared statement",
    hint: "Prepare it again.",
  });
}

export function staleStatement(): Refusal {
  return new Refusal("analysis-incomplete", {
    message: "the prepared statement was made before the catalog, the policy, search_path or temporary tables changed",
    hint: "Prepare it again.",
  });
}
