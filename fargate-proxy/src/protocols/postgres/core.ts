// What the parts of the machine share: intake.ts (client to queue), sender.ts (queue to target), results.ts (target to client).
import { Refusal } from "#shared/errors.ts";
import type { Permit } from "../../gate/permit.ts";
import type { Clock } from "../../ports/clock.ts";
import type { AnswerPlace, Judgement, Notice, Session } from "../../protocol.ts";
import { ContextTracker } from "./context.ts";
import type { Range } from "./messages.ts";
import { BIND, CLOSE, DESCRIBE, EXECUTE, type Op, OpQueue, PARSE, QUERY } from "./ops.ts";
import { Output } from "./output.ts";
import { Names, type Portal, type Statement } from "./portals.ts";

/** The outside, as the machine sees it. None of these calls back into the machine before it returns. */
export interface Outside {
  send(permit: Permit): void;
  /** The session cannot go on: tell the client (FATAL), close both sides. */
  fail(refusal: Refusal): void;
  /** The client said Terminate, and everything before it was forwarded. */
  finish(): void;
  /** Bytes that were taken from the machine and have not left for the client. */
  readonly withheld: number;
  /** False while the target takes no more. */
  readonly targetWritable: boolean;
  /** Something happened outside a turn: `flush` the machine soon, once for all that happens now. */
  soon(): void;
}

export interface Start {
  readonly session: Session;
  readonly clock: Clock;
  readonly searchPath: readonly string[];
  /** Parameters as the target reported them during login. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Process number of the target's backend. */
  readonly pid: number;
  /** What names of the gateway's own prepared statements begin with: nothing that a client could think of. */
  readonly sideName: string;
}

/** Who runs statements of the gateway's own beside commands of the client (sides.ts), as the other parts see it. */
export interface Besides {
  /** True while the op may not be sent: something runs beside it, or beside an earlier one. May begin with it. */
  holds(op: Op): boolean;
  /** It was sent. */
  sent(op: Op): void;
  /** The command completed. @returns true when its end is kept back */
  keeps(op: Op, message: Range): boolean;
  /** The simple query is over. @returns true when the client is not to hear of it yet */
  ready(op: Op, status: number): boolean;
  /** The target skips the group of the command. */
  failed(op: Op): void;
  /** What the target says while `speaking`. */
  message(message: Range, type: number): void;
  /** The target answers a statement of the gateway's own. */
  readonly speaking: boolean;
  /** True from the first statement beside a command to the last. */
  readonly busy: boolean;
}

/** Transaction status, as ReadyForQuery says it. */
export const IDLE = 0x49; // I
export const FAILED = 0x45; // E

const NO = () => false;
const NOTHING = () => {};
const NOTHING_BESIDE: Besides = {
  holds: NO,
  sent: NOTHING,
  keeps: NO,
  ready: NO,
  failed: NOTHING,
  message: NOTHING,
  speaking: false,
  busy: false,
};

export class Core {
  readonly session: Session;
  readonly clock: Clock;
  readonly outside: Outside;
  readonly out = new Output();
  readonly queue = new OpQueue();
  readonly statements = new Names<Statement>();
  readonly portals = new Names<Portal>();
  readonly context: ContextTracker;
  sides: Besides = NOTHING_BESIDE;
  readonly sideName: string;
  readonly pid: number;
  /** Transaction status of the last ReadyForQuery: I, T or E. */
  status = IDLE;
  /** A transaction block is open (BEGIN), as far as commands have completed. */
  inBlock = false;
  /** The client's messages are thrown away until Sync: the target (or the gateway) refused one before. */
  skipping = false;
  /** Commands that the client has asked for. */
  commands = 0;
  /** Messages were read since the last Sync or simple query. */
  groupOpen = false;
  /** Messages of the extended protocol were read since the last Sync: should one have failed, the target skips all up to the next. */
  maySkip = false;
  /** The target takes COPY data. */
  copyIn = false;
  /** Unanswered commands that may ask for COPY data. */
  copyExpected = 0;
  /** Unanswered commands that change what later ones mean. */
  changing = 0;
  /** Commands wait until analysis has seen a new catalog. */
  refreshing = false;
  /** A result could not be shown: the client has its error, and hears nothing more before ReadyForQuery. */
  hushed = false;
  /** All that completed since the last ReadyForQuery only sets, shows, begins or ends. */
  settingsOnly = true;
  /** Commands were sent that may keep locks until their transaction ends. */
  touched = false;
  /** What the target reported of its parameters. */
  readonly reported: Map<string, string>;
  /** What the client is to be told as soon as no message is half sent. */
  notices: Notice[] = [];
  /** Of the command that answered last: tells whether what the target says unasked may hold data. */
  last: Judgement | null = null;
  over = false;
  /** The target said itself why it ends the session. */
  targetSaidFatal = false;

  constructor(start: Start, outside: Outside) {
    const { session, parameters } = start;
    this.session = session;
    this.clock = start.clock;
    this.pid = start.pid;
    this.sideName = start.sideName;
    this.outside = outside;
    this.reported = new Map(parameters);
    const reported = parameters.get("search_path");
    this.context = new ContextTracker(session.target.name, session.target.user, start.searchPath, reported);
  }

  /** Forwards the target's message at hand as it is. */
  forward({ buffer, start, end }: Range): void {
    if (!this.hushed) this.out.forward(buffer, start, end);
  }

  /** Where the answer to an op belongs that is about to be said. */
  placeOf(op: Op | undefined): AnswerPlace {
    return { run: op?.run ?? 0, waiting: this.outside.withheld + this.out.waiting };
  }

  fail(refusal: Refusal): void {
    if (this.over) return;
    this.over = true;
    this.outside.fail(refusal);
  }

  /** The target said what it may not say at this point. Nothing of it is trusted any more. */
  targetBroke(what: string): void {
    this.fail(new Refusal("target-lost", { message: "the target broke the protocol", detail: what }));
  }

  /** Sync or a simple query was read: what comes next belongs to another group. */
  endGroup(): void {
    this.groupOpen = false;
    this.statements.endGroup();
    this.portals.endGroup();
  }

  /** Counts an op that was put into the queue. */
  entered(op: Op): void {
    if (op.changes) this.changing++;
    if (op.traits?.copyIn) this.copyExpected++;
  }

  /** The counterpart: it was answered, dropped or denied. */
  left(op: Op): void {
    if (op.changes) this.changing--;
    if (op.traits?.copyIn) {
      this.copyExpected--;
      this.copyIn = false;
    }
    if ((op.kind === QUERY || op.kind === EXECUTE) && op.judgement !== null) this.#report(op, op.judgement);
  }

  /** It will not be done: the target, or the gateway, skips it. */
  dropped(op: Op, sqlstate: string): void {
    if (op.again) return;
    if (op.kind === PARSE) this.statements.fail(op.name);
    else if (op.kind === BIND) this.portals.fail(op.name);
    else if (op.kind === CLOSE) (op.ofStatement ? this.statements : this.portals).fail(op.name);
    else if (op.kind === DESCRIBE) forgetDescribed(op);
    if (op.sqlstate === "") op.sqlstate = sqlstate;
    this.left(op);
  }

  #report(op: Op, judgement: Judgement): void {
    const micros = op.sentAt === 0 ? 0 : this.clock.micros() - op.sentAt;
    const { tag, rows, bytes, sqlstate, tallies: masks } = op;
    this.session.finished(judgement, { tag, rows, bytes, sqlstate, micros, masks });
  }
}

/** A Describe that was not answered with a shape: the next Execute has to ask again. */
function forgetDescribed(op: Op): void {
  const named = op.ofStatement ? op.statement : op.portal;
  if (named !== null && named.shape === null) named.described = false;
}
