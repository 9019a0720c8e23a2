// Statements of the gateway's own, put to the target one after the other, and their answers.
import type { Permit } from "../../gate/permit.ts";
import type { Companion, SideAnswer, SideFailure, SideStatement } from "../../protocol.ts";
import type { Asides } from "./asides.ts";
import { type Core, IDLE } from "./core.ts";
import { FLUSH, SYNC } from "./encode.ts";
import { BACKEND, HELD_ROW } from "./kinds.ts";
import { type Range, readFields, readRowDescription } from "./messages.ts";
import { type Op, QUERY } from "./ops.ts";

interface Question {
  readonly resolve: (answer: SideAnswer | SideFailure) => void;
  /** What it has to say besides goes to the client: it is of the client's own doing. */
  readonly aloud: boolean;
  /** It is the client's own statement. */
  readonly verbatim: boolean;
  /** Called as soon as it completed: what the target says next comes behind. */
  readonly completed?: () => void;
  shape: SideAnswer["shape"];
  description: Uint8Array;
  readonly rows: Uint8Array[];
  /** Of all rows so far. */
  bytes: number;
  more: boolean;
  /** How many of portal and statement are closed. */
  closed: number;
  failure: SideFailure | null;
}

type Manner = Pick<Question, "aloud" | "verbatim" | "completed">;

const NOTHING = new Uint8Array();
/** Bytes of one answer: as many as a single row may have. Of more there is none, and the answer says so. */
const MOST_BYTES = HELD_ROW;

export class SideTalk {
  readonly #core: Core;
  readonly #asides: Asides;
  readonly #questions: Question[] = [];
  #op: Op | null = null;
  #companion: Companion | null = null;
  #count = 0;
  /** Of the first that failed. */
  failure: { readonly sqlstate: string; readonly words: Buffer } | null = null;
  /** Transaction status that the target told last; behind a simple query only. */
  status = IDLE;

  constructor(core: Core, asides: Asides) {
    this.#core = core;
    this.#asides = asides;
  }

  get busy(): boolean {
    return this.#questions.length > 0;
  }

  begin(op: Op, companion: Companion): void {
    this.#op = op;
    this.#companion = companion;
    this.failure = null;
    this.status = this.#core.status;
  }

  /** Never resolves once the session is over. */
  ask(statement: SideStatement): Promise<SideAnswer | SideFailure> {
    return this.#ask(statement, { aloud: false, verbatim: false });
  }

  /** COMMIT: what it has to say is of the client's own doing. */
  askAloud(statement: SideStatement, completed: () => void): Promise<SideAnswer | SideFailure> {
    return this.#ask(statement, { aloud: true, verbatim: false, completed });
  }

  #ask(statement: SideStatement, manner: Manner): Promise<SideAnswer | SideFailure> {
    const { session } = this.#core;
    return this.#put((name) => session.side(this.#companion as Companion, statement, name), manner);
  }

  /** Has the command parsed. */
  trial(): Promise<SideAnswer | SideFailure> {
    const { session } = this.#core;
    return this.#put((name) => session.trial(this.#companion as Companion, name), { aloud: false, verbatim: true });
  }

  #put(permit: (name: string) => Permit, manner: Manner): Promise<SideAnswer | SideFailure> {
    const { session, outside } = this.#core;
    if (this.#core.over) return new Promise(() => {});
    // Its own name each time: one that an error left behind is in nobody's way.
    outside.send(permit(`${this.#core.sideName}${++this.#count}`));
    outside.send(session.pass(this.#synced ? SYNC : FLUSH));
    outside.soon();
    return new Promise((resolve) => {
      this.#questions.push({
        resolve,
        ...manner,
        shape: [],
        description: NOTHING,
        rows: [],
        bytes: 0,
        more: false,
        closed: 0,
        failure: null,
      });
    });
  }

  /** A Sync would end the implicit transaction of the extended protocol; elsewhere it is what makes errors end. */
  get #synced(): boolean {
    return this.#op?.kind === QUERY;
  }

  message(message: Range, type: number): void {
    const question = this.#questions[0] as Question;
    const { buffer, start, end } = message;
    switch (type) {
      case BACKEND.parseComplete:
      case BACKEND.bindComplete:
      case BACKEND.noData:
        break;
      case BACKEND.commandComplete:
        question.completed?.();
        break;
      case BACKEND.rowDescription:
        question.shape = readRowDescription(message) ?? [];
        question.description = Uint8Array.from(buffer.subarray(start, end));
        break;
      case BACKEND.dataRow:
        this.#row(question, buffer.subarray(start, end));
        break;
      case BACKEND.portalSuspended:
        question.more = true;
        break;
      case BACKEND.closeComplete:
        question.closed++;
        if (!this.#synced && question.closed === 2) this.#answered(question);
        break;
      case BACKEND.notice:
        if (question.aloud) this.#asides.notice();
        break;
      case BACKEND.error:
        this.#failed(question, message);
        break;
      case BACKEND.readyForQuery:
        if (!this.#synced) this.#core.targetBroke("an answer that does not belong to what was asked");
        this.status = buffer[start + 5] as number;
        this.#answered(question);
        break;
      default:
        this.#core.targetBroke("an answer that does not belong to what was asked");
    }
  }

  #row(question: Question, row: Uint8Array): void {
    question.bytes += row.length;
    if (question.bytes <= MOST_BYTES) question.rows.push(Uint8Array.from(row));
    else {
      question.more = true;
      question.rows.length = 0;
    }
  }

  #failed(question: Question, message: Range): void {
    const fields = readFields(message);
    if (fields === null) {
      this.#core.targetBroke("a malformed ErrorResponse");
      return;
    }
    const sqlstate = fields.get("C") ?? "XX000";
    const words = this.#asides.wordsOf(fields, this.#op as Op, question.verbatim);
    if (fields.get("V") === "FATAL" || fields.get("V") === "PANIC") {
      // It ends the session, not a statement.
      this.#core.targetSaidFatal = true;
      this.#core.out.append(words);
      return;
    }
    question.failure ??= { sqlstate };
    this.failure ??= { sqlstate, words };
    if (!this.#synced) this.#answered(question);
  }

  #answered(question: Question): void {
    this.#questions.shift();
    const { shape, description, rows, more, failure } = question;
    question.resolve(failure ?? { shape, description, rows, more });
  }
}
