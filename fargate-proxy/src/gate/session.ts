// THE ORDER, once: a command is analysed, decided, planned, approved where policy holds it, recorded, and only then permitted.
import { Refusal } from "#shared/errors.ts";
import type { EvidenceEvent, SessionIdentity } from "#shared/evidence/event.ts";
import type { Analysis, SyntaxProblem } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { CopyShape } from "#shared/masking/copy.ts";
import type { CopyMask, MaskTally, RowMask, Shape } from "#shared/masking/types.ts";
import type { Target } from "#shared/target.ts";
import type { Credential } from "../ports/credentials.ts";
import type { SessionEvidence } from "../ports/evidence.ts";
import {
  type AnswerPlace,
  type Claim,
  type Command,
  type Companion,
  type Interruption,
  isOwnTransaction,
  type Judgement,
  type Permitted,
  type Session,
  type SideEncoder,
  type SideStatement,
} from "../protocol.ts";
import { announcement, Questions, unparsed } from "./announce.ts";
import { type Asker, preparationObstacle } from "./asking.ts";
import { announceBeside, type BesideParts } from "./beside.ts";
import { Beyond } from "./beyond.ts";
import { within } from "./deadline.ts";
import { Hold } from "./hold.ts";
import type { Judged } from "./judged.ts";
import { type Found, Judging, PATIENCE_MS } from "./judging.ts";
import type { GateParts } from "./parts.ts";
import { mintPermit, type Permit } from "./permit.ts";
import { deniedRefusal, imagelessRefusal, isUndefinedName, syntaxRefusal, unshowableRefusal } from "./refusal.ts";
import type { Live, Registry } from "./registry.ts";
import { SettingsSaid } from "./settings-said.ts";
import { Showing } from "./showing.ts";

export interface SessionStart {
  readonly identity: SessionIdentity;
  readonly principal: Principal;
  readonly target: Target;
  readonly claim: Claim;
  readonly credential: Credential;
}

type Verdict = Permitted | Refusal;

export class GateSession implements Session, Live {
  readonly id: string;
  readonly principal: Principal;
  readonly target: Target;
  readonly openedAt: number;
  lastActive: number;
  readonly #parts: GateParts;
  readonly #registry: Registry;
  readonly #evidence: SessionEvidence;
  readonly #showing: Showing;
  readonly #start: SessionStart;
  readonly #judging: Judging;
  readonly #questions = new Questions();
  readonly #settings: SettingsSaid;
  /** The command that waits for an approval: the protocol sends no other meanwhile. */
  #waiting: Hold | null = null;
  /** Asks about commands that would change more rows than are kept. */
  readonly #beyond: Beyond;
  #running = 0;
  /** Once PHI was touched, what the server says later (at COMMIT, say) may speak of it. */
  #touched = false;
  #ended: Refusal | null = null;
  #listener: ((refusal: Refusal) => void) | null = null;
  #closing: Promise<void> | null = null;

  constructor(parts: GateParts, registry: Registry, evidence: SessionEvidence, start: SessionStart) {
    this.id = start.identity.session;
    this.principal = start.principal;
    this.target = start.target;
    this.openedAt = parts.clock.now();
    this.lastActive = this.openedAt;
    this.#parts = parts;
    this.#registry = registry;
    this.#evidence = evidence;
    this.#showing = new Showing(parts, evidence, start.target);
    this.#start = start;
    this.#settings = new SettingsSaid(this.id);
    this.#beyond = new Beyond(parts, evidence);
    this.#judging = new Judging(parts, { ...start, lastActive: () => this.lastActive });
  }

  get busy(): boolean {
    return this.#running > 0 || this.#waiting !== null;
  }

  async credential(refused?: string): Promise<Credential> {
    if (refused === undefined) return this.#start.credential;
    const newest = await this.#parts.credentials.fetch(this.target.name, refused);
    if (newest.version !== refused)
      await this.#evidence.record({ type: "credential.renewed", credential: newest.version });
    return newest;
  }

  judge(command: Command): Verdict | Promise<Verdict> {
    if (this.#ended !== null) return this.#ended;
    this.lastActive = this.#parts.clock.now();
    if (!this.#parts.evidence.available) return this.#refuse(new Refusal("evidence-unavailable"), null);
    const begun = command.continues as Judged | undefined;
    if (begun !== undefined && begun.approval !== null) return this.#permit(command, begun);
    const known = command.prepared as Judged | undefined;
    if (known !== undefined && this.#judging.isCurrent(known, command)) return this.#permit(command, known);
    if (command.text.length > this.target.limits.statementBytes)
      return this.#refuse(tooLong(this.target), null, command);
    const found = this.#parts.analysis.analyse(command.text, command.context);
    const { bundle } = this.#parts;
    return found instanceof Promise
      ? within(PATIENCE_MS, found).then(
          // Policy vouches for functions: what was analysed under another is analysed anew.
          (f) => (bundle === this.#parts.bundle ? this.#analysed(command, f) : this.judge(command)),
          () => this.#refuse(new Refusal("internal"), null, command),
        )
      : this.#analysed(command, found);
  }

  #analysed(command: Command, found: Found): Verdict | Promise<Verdict> {
    if (found instanceof Refusal) return this.#refuse(found, null, command);
    if ("syntax" in found) return this.#refuseSyntax(command, found);
    const analysis = this.#judging.filledIn(found, command);
    const known = this.#judging.known(analysis, command);
    if (known !== undefined) return this.#permit(command, known);
    if (analysis.statements.some((s) => s.facts.gaps.some(isUndefinedName))) return this.#lookAgain(command, analysis);
    return this.#decide(command, analysis);
  }

  #refuseSyntax(command: Command, problem: SyntaxProblem): Refusal {
    this.#evidence.note(unparsed(command, problem, this.#parts.bundle.version));
    this.#showing.command(command, null);
    return this.#refuse(syntaxRefusal(problem), null);
  }

  async #lookAgain(command: Command, first: Analysis): Promise<Verdict> {
    const found = await this.#judging.lookAgain(command, first);
    if (found instanceof Refusal) return this.#refuse(found, null, command);
    return "syntax" in found ? this.#refuseSyntax(command, found) : this.#decide(command, found);
  }

  async #decide(command: Command, analysis: Analysis): Promise<Verdict> {
    const judged = await this.#judging.decide(command, analysis);
    return judged instanceof Refusal ? this.#refuse(judged, null, command) : this.#permit(command, judged);
  }

  /** Evidence before effect: the permit resolves when the event that announces the command is durable. */
  #permit(command: Command, judged: Judged): Verdict | Promise<Verdict> {
    const { outcome } = judged.decision;
    if (outcome === "refuse") return this.#refuse(deniedRefusal(judged.decision), judged, command);
    // Before it runs, and every time: what it did could not be taken back when its result turns out not to be showable.
    if (judged.unshowable !== null) return this.#refuse(unshowableRefusal(judged.unshowable), judged, command);
    if (judged.beside.imageless !== null)
      return this.#refuse(imagelessRefusal(judged.beside.imageless), judged, command);
    if (outcome === "hold" && judged.approval === null) {
      if (command.phase !== "prepare") return this.#hold(command, judged);
      const obstacle = preparationObstacle(judged);
      if (obstacle !== null) return this.#refuse(obstacle, judged, command);
    }
    if (judged.sets && command.phase !== "prepare") this.#settings.saw(command.text, judged.analysis, command.binds);
    if (judged.guarded) this.#touched = true;
    const { clock, meter } = this.#parts;
    const announced = clock.micros();
    const recorded = this.#announce(command, judged, (event) => this.#evidence.record(event));
    const run = this.#evidence.seq;
    this.#showing.command(command, judged);
    const beside =
      command.phase === "prepare" ? null : announceBeside(this.#besideOf(command, judged), command, judged, run);
    meter.count("commands", 1, judged.analysis.statements[0]?.facts.kind ?? "empty");
    this.#running += command.phase === "prepare" ? 0 : 1;
    const permit = Promise.all([recorded, beside?.recorded]).then(() => {
      meter.time("journal", clock.micros() - announced);
      return this.#mint(command.bytes);
    });
    // The client may be gone by now, and nobody waiting: a rejection that nobody hears would end the process.
    permit.catch(() => {});
    return { judgement: judged, run, permit, ...(beside === null ? {} : { beside: beside.companion }) };
  }

  /** The command waits until people agree to it, and is judged once more before it runs. */
  async #hold(command: Command, judged: Judged): Promise<Verdict> {
    if (this.#waiting !== null) return this.#refuse(new Refusal("internal"), judged, command);
    this.#noteStatement(command, judged);
    const mode = this.#start.claim.approval ?? this.#parts.approvals.rules?.waiting[this.principal.kind] ?? "wait";
    const hold = new Hold(this.#parts, this.#evidence, this.#asker);
    this.#waiting = hold;
    const released = await hold
      .run(command, judged, mode, () => this.#again(command))
      .finally(() => {
        this.#waiting = null;
        this.lastActive = this.#parts.clock.now();
      });
    const refusal = released instanceof Refusal ? released : this.#ended;
    if (refusal !== null) return this.#refuse(refusal, judged, command);
    const { judged: now, approval: use } = released as Exclude<typeof released, Refusal>;
    this.#noteStatement(command, now);
    return this.#permit(command, { ...now, approval: use });
  }

  /** Judges a command that has waited as things stand now. */
  async #again(command: Command): Promise<Judged | Refusal> {
    if (this.#ended !== null) return this.#ended;
    this.lastActive = this.#parts.clock.now();
    const found = await this.#judging.analyse(command);
    if (found instanceof Refusal) return found;
    if ("syntax" in found) return new Refusal("approval-changed");
    const known = this.#judging.known(found, command);
    if (known !== undefined) return known;
    const judged = await this.#judging.decide(command, found);
    if (judged instanceof Refusal || judged.decision.outcome !== "refuse") return judged;
    return deniedRefusal(judged.decision);
  }

  #mint(bytes: Uint8Array): Permit {
    // The session may have ended (revocation) while the event was being written.
    if (this.#ended !== null) throw this.#ended;
    return mintPermit(bytes);
  }

  #refuse(refusal: Refusal, judged: Judged | null, command?: Command): Refusal {
    this.#parts.meter.count("refusals", 1, refusal.code);
    if (judged !== null && command !== undefined) this.#noteStatement(command, judged);
    this.#evidence.note({
      type: "refused",
      ref: judged === null ? null : judged.ref,
      code: refusal.code,
      sqlstate: refusal.sqlstate,
      // Of syntax errors the server's words repeat the statement: the code says enough.
      why: judged === null ? refusal.code : refusal.message,
    });
    if (command !== undefined) this.#showing.command(command, judged);
    return refusal;
  }

  #announce<T>(command: Command, judged: Judged, append: (event: EvidenceEvent) => T): T {
    const before = this.#evidence.seq;
    const question = judged.ref === 0 ? this.#questions.of(judged) : null;
    const done = append(announcement(command, judged, question?.asked));
    // An event that was not taken is none that others can name.
    if (question === null || this.#evidence.seq === before) return done;
    judged.ref = this.#evidence.seq;
    question.kept(judged.ref);
    return done;
  }

  #noteStatement(command: Command, judged: Judged): void {
    if (judged.ref !== 0) return;
    this.#announce(command, judged, (event) => this.#evidence.note(event));
    this.#showing.command(command, judged);
  }

  pass(bytes: Uint8Array): Permit {
    const inert = this.#parts.inert[this.#start.claim.protocol];
    if (inert === undefined || !inert(bytes)) throw new Error("these frames carry a command: they need to be judged");
    if (this.#ended !== null) throw this.#ended;
    this.lastActive = this.#parts.clock.now();
    return mintPermit(bytes);
  }

  side(companion: Companion, statement: SideStatement, name: string): Permit {
    if (!isOwnTransaction(statement.text) && !companion.texts.includes(statement.text))
      throw new Error("this statement was not announced");
    return this.#mint(this.#sides.run(statement, name));
  }

  trial({ text }: Companion, name: string): Permit {
    return this.#mint(this.#sides.parse(text, name));
  }

  get #sides(): SideEncoder {
    const encoder = this.#parts.sides[this.#start.claim.protocol];
    if (encoder === undefined) throw new Error("this protocol has no statements of the gateway's own");
    return encoder;
  }

  conceal(judgement: Judgement, index: number, shape: Shape, place: AnswerPlace): RowMask | Refusal {
    const judged = judgement as Judged;
    const mask = this.#showing.rows(judged, index, shape, place, this.lastActive);
    return mask instanceof Refusal ? this.#refuse(mask, judged) : mask;
  }

  concealCopy(judgement: Judgement, index: number, shape: CopyShape, place: AnswerPlace): CopyMask | Refusal {
    const judged = judgement as Judged;
    const mask = this.#showing.copy(judged, index, shape, place, this.lastActive);
    return mask instanceof Refusal ? this.#refuse(mask, judged) : mask;
  }

  get keepsOriginals(): boolean {
    return this.#showing.keepsOriginals;
  }

  withheld(message: Uint8Array, place: AnswerPlace): void {
    this.#showing.withheld(message, place);
  }

  input(run: number, message: Uint8Array): void {
    this.#showing.input(run, message);
  }

  #besideOf(command: Command, judged: Judged): BesideParts {
    const obstacle = () => this.#ended ?? (this.holds(judged) ? null : new Refusal("approval-changed"));
    const askBeyond = () => this.#beyond.asking(this.#asker, command, judged, obstacle);
    return { evidence: this.#evidence, target: this.target, showing: this.#showing, askBeyond };
  }

  get #asker(): Asker {
    const { principal, target, id: session } = this;
    return { session, principal, target, purpose: this.#start.claim.purpose, settings: this.#settings };
  }

  holds(judgement: Judgement): boolean {
    return (judgement as Judged).snapshot === this.#parts.analysis.snapshot(this.target.name);
  }

  get protected(): boolean {
    const { targets, catalog } = this.#parts.bundle;
    // A policy that came into force meanwhile may not know the target any more: then nobody says that it holds nothing.
    return !targets.has(this.target.name) || catalog.protects(this.target.name);
  }

  guarded(judgement: Judgement): boolean {
    return this.#touched || (judgement as Judged).guarded;
  }

  finished(
    judgement: Judgement,
    outcome: {
      tag: string;
      rows: number;
      bytes: number;
      sqlstate: string;
      micros: number;
      masks: readonly MaskTally[];
    },
  ): void {
    this.#running = Math.max(0, this.#running - 1);
    if (outcome.sqlstate !== "" || outcome.tag === "") this.#settings.undone();
    this.lastActive = this.#parts.clock.now();
    this.#showing.over();
    const approval = (judgement as Judged).approval?.id;
    this.#evidence.note({
      type: "finished",
      ref: judgement.ref,
      ...outcome,
      sqlstate: outcome.sqlstate || "00000",
      ...(approval === undefined ? {} : { approval }),
    });
    this.#parts.meter.time("command", outcome.micros);
    if (outcome.rows > 0) this.#parts.meter.count("rows", outcome.rows, this.target.name);
    for (const tally of outcome.masks)
      if (tally.masked > 0) this.#parts.meter.count("masked_cells", tally.masked, tally.mask);
  }

  idle(): void {
    if (this.#running === 0) this.#settings.settle();
  }

  interrupt(why: Interruption): boolean {
    this.#showing.giveUp();
    const refusal = new Refusal("approval-cancelled", {
      message: `the request for an approval was taken back: ${why}`,
    });
    return this.#waiting?.giveUp(refusal, why) ?? false;
  }

  async refused(refusal: Refusal, judgement: Judgement | null): Promise<void> {
    if (refusal.code === "protocol-violation") {
      this.#parts.meter.count("refusals", 1, refusal.code);
      await this.#evidence.record({ type: "violation", code: refusal.code, why: refusal.message }).catch(() => {});
    } else this.#refuse(refusal, judgement as Judged | null);
  }

  catalogChanged(): Promise<void> {
    return this.#judging.refresh();
  }

  disclosing(): Promise<void> | null {
    return this.#showing.disclosing();
  }

  hurry(): void {
    this.#showing.hurry();
  }

  output(bytes: Uint8Array): void {
    this.#showing.output(bytes);
  }

  get writable(): boolean {
    return this.#evidence.writable;
  }

  drained(): Promise<void> {
    return this.#evidence.drained();
  }

  onEnd(listener: (refusal: Refusal) => void): void {
    this.#listener = listener;
    if (this.#ended !== null) listener(this.#ended);
  }

  end(refusal: Refusal): void {
    if (this.#ended !== null) return;
    this.#ended = refusal;
    // Whoever may come back finds the request as it is: the same command goes on with it.
    this.#giveUp(refusal, refusal.code === "revoked" ? "whoever asked was revoked" : null);
    this.#evidence.note({
      type: "refused",
      ref: null,
      code: refusal.code,
      sqlstate: refusal.sqlstate,
      why: refusal.message,
    });
    this.#listener?.(refusal);
  }

  #giveUp(refusal: Refusal, cancel: string | null): void {
    this.#waiting?.giveUp(refusal, cancel);
    this.#beyond.giveUp(refusal, cancel);
  }

  close(reason: string): Promise<void> {
    this.#closing ??= this.#close(reason);
    return this.#closing;
  }

  async #close(reason: string): Promise<void> {
    this.#showing.giveUp();
    // Its evidence may have to wait for the store; what else it knows need not.
    this.#listener = null;
    this.#judging.forget();
    const over = this.#ended ?? new Refusal("target-lost");
    this.#ended = over;
    this.#giveUp(over, /^client /.test(reason) ? "the client left" : null);
    this.#registry.remove(this);
    this.#parts.meter.gauge("sessions_live", this.#registry.size);
    this.#showing.over();
    await this.#evidence.close(over.code === "target-lost" ? reason : over.code);
  }
}

function tooLong(target: Target): Refusal {
  return new Refusal("statement-too-long", { detail: `The limit is ${target.limits.statementBytes} bytes.` });
}
