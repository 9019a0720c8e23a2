// Queue to target: in order, only what a permit holds, neighbours together. Also what follows from a permit that was denied.
import { Refusal } from "#shared/errors.ts";
import type { Permit } from "../../gate/permit.ts";
import type { Core } from "./core.ts";
import { ABORT as ABORT_FRAME, SYNC as SYNC_FRAME } from "./encode.ts";
import { ABORT, CLOSE, EXECUTE, LOCAL, Op, QUERY, SILENT, SYNC } from "./ops.ts";

export class Sender {
  readonly #core: Core;
  /** Messages that need no judgement, side by side in memory. */
  #runBuffer: Buffer | null = null;
  #runStart = 0;
  #runEnd = 0;
  /** A command of the group at hand was sent: the target may be in an implicit transaction. */
  #executed = false;
  /** Part of a group was sent: the target keeps what locks it took until Sync. */
  #open = false;
  /** The group at hand opened (true) or ended a transaction block. */
  #block: boolean | null = null;

  constructor(core: Core) {
    this.#core = core;
  }

  granted(op: Op, permit: Permit): void {
    op.permit = permit;
    op.ready = true;
    this.advance();
    this.#core.outside.soon();
  }

  denied(op: Op, why: unknown): void {
    op.refusal = why instanceof Refusal ? why : new Refusal("internal");
    // It is not announced either.
    op.beside = null;
    op.ready = true;
    this.advance();
    this.#core.outside.soon();
  }

  /** The target may be keeping locks for this session, or will once what is on its way arrives. */
  get locks(): boolean {
    const { queue, touched } = this.#core;
    return this.#open || touched || (queue.toSend !== undefined && !queue.onlyLazy);
  }

  /** While a command waits and nothing is kept at the target: a sign of life, so that no time-out for idle sessions ends this one. */
  nudge(): void {
    const { queue, skipping } = this.#core;
    if (this.locks || skipping || queue.answering !== undefined) return;
    const sync = new Op(SYNC).forwards(SYNC_FRAME, 0, SYNC_FRAME.length);
    sync.hidden = sync.alone = true;
    queue.insertNext(sync);
    this.advance();
  }

  /** Sends what can be sent. */
  advance(): void {
    const core = this.#core;
    if (core.over) return;
    try {
      for (let op = core.queue.toSend; op?.ready; op = core.queue.toSend) {
        if (op.lazy && core.queue.onlyLazy) break;
        if (op.alone && core.queue.answering !== undefined) break;
        if (core.sides.busy || op.beside !== null) if (core.sides.holds(op)) break;
        if (op.kind === LOCAL) core.queue.markSent();
        else if (op.refusal !== null) this.#deny(op, op.refusal);
        else if (op.kind !== ABORT || this.#abortIsDue(op)) this.#send(op);
        else if (core.queue.toSend === op) break;
      }
      this.#endRun();
    } catch (error) {
      // The gate ends a session by refusing to permit anything more.
      core.fail(error instanceof Refusal ? error : new Refusal("internal"));
    }
  }

  #send(op: Op): void {
    if (op.permit !== null) {
      this.#endRun();
      this.#core.outside.send(op.permit);
      op.permit = null;
      op.sentAt = this.#core.clock.micros();
    } else this.#addToRun(op);
    if (op.kind === SYNC || op.kind === QUERY) this.#open = op.unsynced;
    else if (op.kind !== CLOSE && op.kind !== SILENT) this.#open = true;
    if (op.traits?.settings === false) this.#core.touched = true;
    if (op.kind === EXECUTE) {
      this.#executed = true;
      if (op.traits !== null && op.traits.block !== null) this.#block = op.traits.block;
    } else if (op.kind === SYNC || op.kind === QUERY) {
      this.#executed = op.unsynced;
      this.#block = null;
    }
    this.#core.queue.markSent();
    if (op.beside !== null) this.#core.sides.sent(op);
  }

  /** Takes back the one that is to be sent next: it becomes an error of ours. */
  refuse(op: Op, refusal: Refusal): void {
    this.#deny(op, refusal);
    this.advance();
  }

  #addToRun(op: Op): void {
    if (this.#runBuffer === op.buffer && this.#runEnd === op.start) this.#runEnd = op.end;
    else {
      this.#endRun();
      this.#runBuffer = op.buffer;
      this.#runStart = op.start;
      this.#runEnd = op.end;
    }
  }

  #endRun(): void {
    const run = this.#runBuffer;
    if (run === null) return;
    this.#runBuffer = null;
    this.#core.outside.send(this.#core.session.pass(run.subarray(this.#runStart, this.#runEnd)));
  }

  /**
   * A command was refused in the middle of a group. If earlier ones of the group were sent and no transaction block is open, they are
   * one implicit transaction, and the target has to end it as it would have after an error. Whether a block is open is known once
   * earlier groups are answered: until then, nothing more is sent.
   */
  #abortIsDue(op: Op): boolean {
    const { queue } = this.#core;
    if (this.#executed && queue.groupsBefore) return false;
    if (this.#executed && !(this.#block ?? this.#core.inBlock)) {
      op.forwards(ABORT_FRAME, 0, ABORT_FRAME.length);
      return true;
    }
    queue.removeToSend();
    return false;
  }

  /** The evidence could not be written: the command becomes an error of our own, and what belongs to it is thrown away. */
  #deny(op: Op, refusal: Refusal): void {
    const core = this.#core;
    const wasQuery = op.kind === QUERY;
    core.dropped(op, refusal.sqlstate);
    op.kind = LOCAL;
    op.refusal = refusal;
    op.judgement = op.traits = null;
    op.changes = false;
    if (wasQuery) {
      const sync = new Op(SYNC).forwards(SYNC_FRAME, 0, SYNC_FRAME.length);
      sync.alone = true;
      core.queue.insertBehind(new Op(ABORT), sync);
      return;
    }
    const { dropped, synced } = core.queue.dropGroup(true);
    for (const later of dropped) core.dropped(later, refusal.sqlstate);
    if (!synced) core.skipping = true;
    core.queue.insertBehind(new Op(ABORT));
  }
}
