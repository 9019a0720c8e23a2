// One command and the gate: from the question to the queue, or to a refusal.
import { Refusal } from "#shared/errors.ts";
import type { AnalysisContext } from "../../ports/analysis.ts";
import type { Circumstances, Command, Judgement, Permitted } from "../../protocol.ts";
import type { Core } from "./core.ts";
import { encodeDescribe, FLUSH } from "./encode.ts";
import { DESCRIBE, EXECUTE, Op, PARSE, QUERY, SILENT } from "./ops.ts";
import { isDescribed, isSettledWhenBound, judgementOf, type Portal, REFERS, readsNames } from "./portals.ts";
import { pathMayGoBack, type Refusals, staleStatement } from "./refusals.ts";
import type { Sender } from "./sender.ts";
import { traitsOf } from "./traits.ts";

export type Asked = Omit<Command, "resolve" | "circumstances" | "waits">;

/** Of what the target reports: who asks, and what literals mean. search_path is in the context. */
const DECISIVE = [
  "DateStyle",
  "IntervalStyle",
  "TimeZone",
  "client_encoding",
  "is_superuser",
  "session_authorization",
  "standard_conforming_strings",
] as const;

export class Judging {
  /** A verdict is awaited: the next message is not looked at before it is there. */
  pending = false;
  /** The client was told that its command waits for an approval. */
  waiting = false;
  #abandoned = false;
  readonly #core: Core;
  readonly #sender: Sender;
  readonly #refusals: Refusals;
  /** The command being judged names a prepared statement that was looked at when names meant something else. */
  #stale = false;
  readonly #resolve: Command["resolve"];
  readonly #waits: Command["waits"];

  constructor(core: Core, sender: Sender, refusals: Refusals) {
    this.#core = core;
    this.#sender = sender;
    this.#refusals = refusals;
    this.#resolve = (kind, name) => this.#lookUp(kind, name);
    this.#waits = (notice) => {
      this.waiting = true;
      core.notices.push(notice);
      core.outside.soon();
    };
  }

  /** Asks the gate about one command; what follows from the verdict follows now, or when it is there. */
  judge(op: Op, asked: Asked): void {
    this.#stale = false;
    const verdict = this.#core.session.judge({
      ...asked,
      resolve: this.#resolve,
      circumstances: () => this.#circumstancesOf(op),
      waits: this.#waits,
    });
    if (!(verdict instanceof Promise)) {
      this.#judged(op, verdict, asked.context);
      return;
    }
    this.pending = true;
    verdict.then(
      (later) => this.#judgedLater(op, later, asked.context),
      () => this.#judgedLater(op, new Refusal("internal"), asked.context),
    );
  }

  /** The client has gone: nobody waits for an approval any more. */
  abandon(): void {
    if (!this.waiting || this.#abandoned) return;
    this.#abandoned = true;
    this.#core.session.interrupt("the client left");
  }

  #judgedLater(op: Op, verdict: Permitted | Refusal, context: AnalysisContext): void {
    this.pending = this.waiting = false;
    if (!this.#core.over) {
      this.#judged(op, verdict, context);
      this.#core.outside.soon();
    } else if (!(verdict instanceof Refusal)) unused(verdict);
  }

  #judged(op: Op, verdict: Permitted | Refusal, context: AnalysisContext): void {
    const core = this.#core;
    if (verdict instanceof Refusal) {
      const unnamed = op.kind === QUERY || (op.kind === PARSE && op.name === "");
      if (!core.skipping) this.#refusals.refuse(op.kind, verdict, unnamed);
      return;
    }
    const { judgement, permit } = verdict;
    op.run = verdict.run;
    const { ends, goesOn } = traitsOf(judgement.analysis);
    const pathGoesBack = ends && goesOn && core.context.pathMayGoBack;
    if ((this.#stale || pathGoesBack) && !core.skipping) {
      unused(verdict);
      this.#withdraw(op, judgement, this.#stale ? staleStatement() : pathMayGoBack());
      return;
    }
    op.judgement = judgement;
    op.beside = verdict.beside ?? null;
    op.traits = traitsOf(judgement.analysis);
    op.ready = false;
    if (op.kind === PARSE) op.lazy = judgement.held;
    if (op.kind === PARSE) op.traits = null;
    else op.changes = op.traits.changes || (op.traits.ends && core.context.undoable);
    permit.then(
      (granted) => this.#sender.granted(op, granted),
      (why) => this.#sender.denied(op, why),
    );
    core.entered(op);
    if (core.skipping) {
      // An earlier message of the group failed while this one was being judged.
      core.dropped(op, "");
      return;
    }
    if (op.kind === PARSE) this.#begins(op, judgement, context);
    else if (op.kind === EXECUTE) this.#runs(op, judgement);
    if (op.kind !== PARSE) core.commands++;
    if (op.traits?.undoable) core.context.undoable = true;
    core.queue.push(op);
    if (op.kind === PARSE && judgement.accompanied) this.#asksTypes(op);
    if (op.kind === QUERY) core.endGroup();
    else core.groupOpen = core.maySkip = true;
  }

  /** The target would resolve names in it to something that nobody has judged. */
  #withdraw(op: Op, judgement: Judgement, refusal: Refusal): void {
    void this.#core.session.refused(refusal, judgement);
    op.sqlstate = refusal.sqlstate;
    op.judgement = judgement;
    this.#core.left(op);
    this.#refusals.refuse(op.kind, refusal);
  }

  #runs(op: Op, judgement: Judgement): void {
    if (judgement.held && op.portal !== null) op.portal.released = judgement;
    this.#needsShape(op);
    const portal = op.portal as Portal;
    if (op.beside === null) return;
    if (portal.accompanied) op.beside = null;
    else if (op.beside.fresh && !this.#mayBindAgain(portal)) {
      op.beside.left("what it was bound to may be another by now");
      op.beside = null;
    }
    // What was sent before has to be answered before anything can run beside this.
    else this.#core.queue.push(new Op(SILENT).forwards(FLUSH, 0, FLUSH.length));
    portal.accompanied = true;
  }

  /** Binding the portal once more gives what binding it gave, but for what others have changed meanwhile. */
  #mayBindAgain({ bind, boundAt, statement, context }: Portal): boolean {
    const { statements, commands, context: now } = this.#core;
    if (bind === null || statement === null || statements.get(statement.name) !== statement) return false;
    return boundAt === commands && context === now.current;
  }

  /** What runs beside a statement takes the same values, as the same types. */
  #asksTypes(op: Op): void {
    const frame = encodeDescribe("S", op.name);
    const describe = new Op(DESCRIBE).forwards(frame, 0, frame.length);
    describe.hidden = describe.ofStatement = true;
    describe.statement = op.statement;
    describe.lazy = op.lazy;
    describing(describe);
    this.#core.queue.push(describe);
  }

  #begins(op: Op, judgement: Judgement, context: AnalysisContext): void {
    const { text } = judgement;
    op.statement = {
      name: op.name,
      origin: "parse",
      text,
      judgement,
      context,
      types: op.types,
      refers: REFERS.test(text),
      parameters: null,
      shape: null,
      described: false,
    };
    this.#core.statements.begin(op.name, op.statement);
  }

  /** Rows can be masked only if their shape is known: a client that never asked for it gets the question put on its behalf. */
  #needsShape(op: Op): void {
    const portal = op.portal as Portal;
    if (!op.traits?.rows || isDescribed(portal)) return;
    const frame = encodeDescribe("P", portal.name);
    const describe = new Op(DESCRIBE).forwards(frame, 0, frame.length);
    describe.hidden = true;
    describe.portal = portal;
    describing(describe);
    this.#core.queue.push(describe);
  }

  #circumstancesOf(op: Op): Circumstances | null {
    const core = this.#core;
    const bound = op.portal?.bound ?? null;
    if (op.kind === EXECUTE && bound === null) return null;
    const settings = Object.fromEntries(DECISIVE.map((name) => [name, core.reported.get(name) ?? ""]));
    return { bound, settings, locks: this.#sender.locks };
  }

  #lookUp(kind: "prepared" | "cursor", name: string): Judgement | undefined {
    const core = this.#core;
    if (kind === "cursor") {
      const portal = core.portals.get(name);
      if (portal?.cursor != null && portal.context !== core.context.current && readsNames(portal.cursor))
        this.#stale = true;
      return fetchedFrom(portal);
    }
    const statement = core.statements.get(name);
    // What it refers to itself is looked up as it runs.
    if (statement === undefined || statement.refers) return undefined;
    if (statement.context !== core.context.current || !core.session.holds(statement.judgement)) this.#stale = true;
    return statement.judgement;
  }
}

/** What FETCH gets from it; undefined when that is settled only as it runs. */
function fetchedFrom(portal: Portal | undefined): Judgement | undefined {
  if (portal === undefined || portal.cursor !== null) return portal?.cursor ?? undefined;
  const { statement } = portal;
  return statement?.origin === "parse" && isSettledWhenBound(statement.judgement) ? statement.judgement : undefined;
}

/** A Describe was put into the queue: of what, and on whose behalf errors of it are said. */
export function describing(op: Op): void {
  const named = op.ofStatement ? op.statement : op.portal;
  if (named !== null) named.described = true;
  op.judgement = op.ofStatement ? (op.statement?.judgement ?? null) : judgementOf(op.portal);
}

/** A permit that nobody waits for any more may still be denied. */
function unused({ permit }: Permitted): void {
  permit.catch(() => {});
}
