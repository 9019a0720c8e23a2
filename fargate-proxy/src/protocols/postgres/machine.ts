// One session after login, without sockets: bytes of both sides go in, what to do comes out through `Outside`.
import { Core, type Outside, type Start } from "./core.ts";
import { noticeMessage } from "./errors.ts";
import { Intake } from "./intake.ts";
import { Results } from "./results.ts";
import { Sender } from "./sender.ts";

export class Machine {
  readonly #core: Core;
  readonly #intake: Intake;
  readonly #sender: Sender;
  readonly #results: Results;

  constructor(start: Start, outside: Outside) {
    this.#core = new Core(start, outside);
    this.#sender = new Sender(this.#core);
    this.#intake = new Intake(this.#core, this.#sender);
    this.#results = new Results(this.#core, this.#sender);
  }

  /** The client sent bytes. Only while `wantsClient`. */
  client(chunk: Buffer): void {
    if (this.#core.over) return;
    this.#intake.push(chunk);
    this.proceed();
  }

  /** The target sent bytes. */
  target(chunk: Buffer): void {
    if (this.#core.over) return;
    this.#results.chunk(chunk);
    this.proceed();
  }

  /** The client will send nothing more. */
  clientEnded(): void {
    this.#intake.ended();
    this.proceed();
  }

  /** Does what can be done now: after a verdict, a permit, rows that waited, or room towards the target. */
  proceed(): void {
    this.#results.resume();
    this.#intake.pump();
    // What is said now may be what something else has waited for.
    this.#results.settle();
    this.#sender.advance();
    this.#results.settle();
    if (this.#intake.done && !this.#core.over) this.#core.outside.finish();
  }

  get wantsClient(): boolean {
    return this.#intake.wantsMore && !this.#core.over;
  }

  /** False while rows wait until their free text has been looked at. What comes all the same is kept. */
  get wantsTarget(): boolean {
    return this.#results.wantsMore;
  }

  /** True while the next command waits for its permit: what was sent before it had better leave together with it. */
  get awaitsPermit(): boolean {
    return this.#core.queue.toSend?.ready === false;
  }

  /** A command waits for an approval: `nudge` from time to time. */
  get waiting(): boolean {
    return this.#intake.waiting;
  }

  nudge(): void {
    if (this.waiting && !this.#core.over) this.#sender.nudge();
  }

  /** What the client is to be sent, as few buffers. */
  take(): readonly Buffer[] {
    if (this.#core.notices.length > 0 && !this.midMessage)
      for (const notice of this.#core.notices.splice(0)) this.#core.out.append(noticeMessage(notice));
    return this.#core.out.take();
  }

  /** True while the client has been sent part of a message: an error of our own would be read as its rest. */
  get midMessage(): boolean {
    return this.#results.midMessage;
  }

  /** True when the client has been told by the target itself why the session ends. */
  get targetSaidFatal(): boolean {
    return this.#core.targetSaidFatal;
  }

  /** The session is over: commands that were not answered are reported as lost. */
  close(): void {
    this.#core.over = true;
    for (const op of this.#core.queue.drain()) this.#core.dropped(op, "08006");
  }
}
