// What the target says besides results: it may hold data although it is no row.
import { Refusal } from "#shared/errors.ts";
import type { Core } from "./core.ts";
import { encodeFields, encodeNotification } from "./encode.ts";
import { rebuiltMessage } from "./errors.ts";
import type { FrameReader } from "./frames.ts";
import { readFields, readNotification, readParameter } from "./messages.ts";
import type { Op } from "./ops.ts";

export class Asides {
  readonly #core: Core;
  readonly #reader: FrameReader;

  constructor(core: Core, reader: FrameReader) {
    this.#core = core;
    this.#reader = reader;
  }

  notice(): void {
    const fields = readFields(this.#reader);
    const op = this.#core.queue.answering;
    if (fields === null) this.#core.targetBroke("a malformed NoticeResponse");
    // How the server went about it (`trace_sort`): how many such messages there are depends on the sizes of values.
    else if (this.#isGuarded(op) && /^(LOG|DEBUG)/.test(fields.get("V") ?? "LOG")) this.#withhold(op);
    else this.say("N", fields, op);
  }

  /**
   * The error at hand as the client would be told it, for later.
   * @param placed it tells its place in the client's own statement, not in another
   */
  wordsOf(fields: ReadonlyMap<string, string>, op: Op, placed: boolean): Buffer {
    const own = new Map([...fields].filter(([code]) => placed || code !== "P"));
    return this.#isGuarded(op) ? rebuiltMessage("E", own) : encodeFields("E", own);
  }

  /** An error or notice of the target: as it is, or rebuilt. */
  say(type: "E" | "N", fields: ReadonlyMap<string, string>, op: Op | undefined): void {
    if (!this.#isGuarded(op)) {
      this.#core.forward(this.#reader);
      return;
    }
    this.#withhold(op);
    if (!this.#core.hushed) this.#core.out.append(rebuiltMessage(type, fields));
  }

  #withhold(op: Op | undefined): void {
    const { buffer, start, end } = this.#reader;
    const core = this.#core;
    if (core.session.keepsOriginals) core.session.withheld(buffer.subarray(start, end), core.placeOf(op));
  }

  parameter(): void {
    const core = this.#core;
    const parameter = readParameter(this.#reader);
    if (parameter === null) {
      core.targetBroke("a malformed ParameterStatus");
      return;
    }
    const [name, value] = parameter;
    core.reported.set(name, value);
    if (name === "search_path") core.context.reportedPath(value);
    if ((name === "client_encoding" && value !== "UTF8") || (name === "standard_conforming_strings" && value !== "on"))
      core.fail(new Refusal("protocol-unsupported", { message: `the session changed ${name}` }));
    else if (this.#mayTell(core.queue.answering)) this.#core.forward(this.#reader);
    else this.#withhold(core.queue.answering);
  }

  /** set_config can put a cell into a parameter: only what the client itself has just set is told. */
  #mayTell(op: Op | undefined): boolean {
    const settings = this.#core.settingsOnly && (op === undefined || op.traits === null || op.traits.settings);
    return settings || !this.#isGuarded(op);
  }

  /**
   * Payloads are the work of whoever called NOTIFY: triggers and programs that never passed the gateway, too. Where there is PHI, only
   * what this session said itself is told; the channel is one that the client named.
   */
  notification(): void {
    const core = this.#core;
    const notification = readNotification(this.#reader);
    if (notification === null) {
      core.targetBroke("a malformed NotificationResponse");
      return;
    }
    const { pid, channel } = notification;
    const known = !core.session.protected || (pid === core.pid && !this.#isGuarded(core.queue.answering));
    if (known) {
      core.forward(this.#reader);
      return;
    }
    this.#withhold(undefined);
    if (!core.hushed) core.out.append(encodeNotification(pid, channel, ""));
  }

  #isGuarded(op: Op | undefined): boolean {
    const judgement = op?.judgement ?? this.#core.last;
    return judgement !== null && this.#core.session.guarded(judgement);
  }
}
