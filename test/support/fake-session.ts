// A session that permits what it is not told to refuse, over a toy analysis: enough to see what the wire does with verdicts, permits,
// masks and guards. Columns computed from `ssn` are masked to `***`.
import { mintPermit, type Permit } from "#proxy/gate/permit.ts";
import type { Credential } from "#proxy/ports/credentials.ts";
import type {
  Command,
  Companion,
  Ending,
  Interruption,
  Judgement,
  Permitted,
  Session,
  SideStatement,
} from "#proxy/protocol.ts";
import { SIDES } from "#proxy/protocols/postgres/encode.ts";
import { inertFrames } from "#proxy/protocols/postgres/inert.ts";
import { Refusal } from "#shared/errors.ts";
import type { Analysis, OutputFact } from "#shared/facts.ts";
import type { CopyShape } from "#shared/masking/copy.ts";
import type { ByteSink, CopyMask, MaskTally, RowMask, Shape } from "#shared/masking/types.ts";
import type { Target } from "#shared/target.ts";
import { CLINIC, ENGINEER } from "./fake-gate.ts";
import { toyAnalysis } from "./toy-analysis.ts";

export interface Finished {
  readonly text: string;
  readonly tag: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sqlstate: string;
}

export class FakeSession implements Session {
  readonly id = "s1";
  readonly principal = ENGINEER;
  readonly target: Target;
  writable = true;
  ended = false;
  /** What happened, in order. */
  readonly judged: Command[] = [];
  readonly done: Finished[] = [];
  readonly refusals: Refusal[] = [];
  readonly sent: Buffer[] = [];
  keepSent = true;
  refreshed = 0;
  closed: Ending | null = null;
  /** Knobs. */
  refuses: (command: Command) => Refusal | null = (command) =>
    /forbidden/i.test(command.text) ? new Refusal("policy-denied") : null;
  /** Commands that wait for `decide`. */
  needsApproval: (command: Command) => boolean = () => false;
  /** Everything that waits is approved soon. */
  approves = false;
  readonly interruptions: Interruption[] = [];
  #decide: ((refusal: Refusal | null) => void) | null = null;
  /** Set to make verdicts come later. */
  slow = false;
  /** Permits wait for `release` while this is true. */
  holdPermits = false;
  failPermits: (command: Command) => boolean = () => false;
  /** What runs beside a command. */
  companion: (command: Command) => Companion | null = () => null;
  guards = false;
  catalogHolds = true;
  /** `none`: results of any shape pass as they are. `all`: every cell is masked. */
  masks: "some" | "none" | "all" = "some";
  refresh: () => Promise<void> = () => Promise.resolve();
  readonly #known = new Map<string, Analysis>();
  readonly #judgements = new Map<Analysis, Judgement>();
  readonly #waiting: (() => void)[] = [];
  #listener: ((refusal: Refusal) => void) | null = null;
  #drained: (() => void)[] = [];

  constructor(target: Partial<Target> = {}) {
    this.target = { ...CLINIC, limits: { ...CLINIC.limits, statementBytes: 1_000_000 }, ...target };
  }

  /** Set to withhold what the client is sent. */
  disclosing: () => Promise<void> | null = () => null;

  credential(): Promise<Credential> {
    return Promise.resolve({ password: "postgres", version: "1" });
  }

  judge(command: Command): Permitted | Refusal | Promise<Permitted | Refusal> {
    this.judged.push(command);
    if (command.continues === undefined && command.phase !== "prepare" && this.needsApproval(command)) {
      const waiting = new Promise<Refusal | null>((resolve) => {
        this.#decide = resolve;
      });
      // As the gate does, it speaks up a little later.
      setImmediate(() => {
        command.waits(NOTICE);
        if (this.approves) setImmediate(() => this.decide(null));
      });
      return waiting.then((refusal) => refusal ?? this.#judge(command));
    }
    return this.slow
      ? new Promise((resolve) => setImmediate(() => resolve(this.#judge(command))))
      : this.#judge(command);
  }

  /** Decides on the command that waits: null lets it run. @returns false when none waits */
  decide(refusal: Refusal | null): boolean {
    const decide = this.#decide;
    this.#decide = null;
    decide?.(refusal);
    return decide !== null;
  }

  interrupt(why: Interruption): boolean {
    this.interruptions.push(why);
    return this.decide(new Refusal("approval-cancelled"));
  }

  #judge(command: Command): Permitted | Refusal {
    const refusal = this.refuses(command);
    if (refusal !== null) return refusal;
    const judgement = command.continues ?? command.prepared ?? this.#judgementOf(command);
    const beside = command.phase === "prepare" ? null : this.companion(command);
    return {
      judgement,
      run: this.judged.length,
      permit: this.#permit(command),
      ...(beside === null ? {} : { beside }),
    };
  }

  #judgementOf(command: Command): Judgement {
    let analysis = this.#known.get(command.text);
    if (analysis === undefined) {
      analysis = toyAnalysis(command.text);
      this.#known.set(command.text, analysis);
    }
    analysis = referred(analysis, command);
    let judgement = this.#judgements.get(analysis);
    if (judgement === undefined) {
      const held = this.needsApproval(command);
      const accompanied = this.companion(command) !== null;
      judgement = { text: command.text, analysis, ref: this.#judgements.size + 1, held, accompanied };
      this.#judgements.set(analysis, judgement);
    }
    return judgement;
  }

  #permit(command: Command): Promise<Permit> {
    const give = (): Permit => {
      if (this.failPermits(command)) throw new Refusal("evidence-unavailable");
      return mintPermit(command.bytes);
    };
    if (!this.holdPermits) return RESOLVED.then(give);
    return new Promise<void>((resolve) => this.#waiting.push(resolve)).then(give);
  }

  release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }

  pass(bytes: Uint8Array): Permit {
    if (!inertFrames(bytes)) throw new Error("not inert");
    return mintPermit(bytes);
  }

  side(_companion: Companion, statement: SideStatement, name: string): Permit {
    return mintPermit(SIDES.run(statement, name));
  }

  trial({ text }: Companion, name: string): Permit {
    return mintPermit(SIDES.parse(text, name));
  }

  conceal(judgement: Judgement, index: number, shape: Shape): RowMask | Refusal {
    if (this.masks === "none") return NOTHING;
    if (this.masks === "all") return mask(shape.map(({ name }) => ({ ...HIDDEN, name })));
    const found = judgement.analysis.statements[index]?.facts.outputs ?? null;
    if (found === null) return NOTHING;
    if (found.length !== shape.length) return new Refusal("result-mismatch");
    return mask(found);
  }

  concealCopy(judgement: Judgement, index: number, shape: CopyShape): CopyMask | Refusal {
    if (this.masks === "none") return NOTHING;
    const columns = Array.from({ length: shape.columns }, () => HIDDEN);
    const found = this.masks === "all" ? columns : (judgement.analysis.statements[index]?.facts.outputs ?? []);
    if (found.length !== shape.columns) return new Refusal("result-mismatch");
    return { ...mask(found), row: (frame, out) => maskLine(frame, out, found) };
  }

  holds(): boolean {
    return this.catalogHolds;
  }

  readonly keepsOriginals = true;
  /** Messages that the client was not told as they were. */
  readonly kept: Buffer[] = [];

  withheld(message: Uint8Array): void {
    this.kept.push(Buffer.from(message));
  }

  /** What was copied in, by the event of the command. */
  readonly copied: { readonly run: number; readonly message: Buffer }[] = [];

  input(run: number, message: Uint8Array): void {
    this.copied.push({ run, message: Buffer.from(message) });
  }

  get protected(): boolean {
    return true;
  }

  guarded(): boolean {
    return this.guards;
  }

  idle(): void {}

  finished(judgement: Judgement, outcome: { tag: string; rows: number; bytes: number; sqlstate: string }): void {
    const { tag, rows, bytes, sqlstate } = outcome;
    this.done.push({ text: judgement.text, tag, rows, bytes, sqlstate });
  }

  refused(refusal: Refusal): Promise<void> {
    this.refusals.push(refusal);
    return Promise.resolve();
  }

  catalogChanged(): Promise<void> {
    this.refreshed++;
    return this.refresh();
  }

  hurry(): void {}

  output(bytes: Uint8Array): void {
    if (this.keepSent) this.sent.push(Buffer.from(bytes));
  }

  drained(): Promise<void> {
    return new Promise((resolve) => this.#drained.push(resolve));
  }

  catchUp(): void {
    this.writable = true;
    for (const resolve of this.#drained.splice(0)) resolve();
  }

  onEnd(listener: (refusal: Refusal) => void): void {
    this.#listener = listener;
  }

  end(refusal: Refusal): void {
    this.ended = true;
    this.#listener?.(refusal);
  }

  close(reason: Ending): Promise<void> {
    this.closed ??= reason;
    return Promise.resolve();
  }
}

export const NOTICE = { message: "this waits", detail: "For somebody.", hint: "Cancel it." };

const RESOLVED = Promise.resolve();

const NOTHING: RowMask = { active: false, row() {}, tally: [], watch: null };

function isSsn(output: OutputFact): boolean {
  return output.sources.some((source) => source.column === "ssn");
}

const HIDDEN: OutputFact = {
  name: "",
  sources: [{ relation: "public.patients", column: "ssn" }],
  direct: true,
};

const STARS = Buffer.from("***");

function mask(outputs: readonly OutputFact[]): RowMask {
  const hidden = outputs.map(isSsn);
  const tally: MaskTally[] = outputs.map((o) => ({
    column: o.name,
    classes: [],
    mask: "redact",
    masked: 0,
    clear: 0,
  }));
  return {
    active: hidden.includes(true),
    tally,
    watch: null,
    row: (frame, out) => maskRow(Buffer.from(frame), out, hidden),
  };
}

function maskRow(frame: Buffer, out: ByteSink, hidden: readonly boolean[]): void {
  const count = frame.readUInt16BE(5);
  if (count !== hidden.length) throw new Error("columns");
  const cells: Buffer[] = [];
  let at = 7;
  for (let i = 0; i < count; i++) {
    const length = frame.readInt32BE(at);
    const size = Buffer.alloc(4);
    if (length < 0 || hidden[i] !== true) {
      cells.push(frame.subarray(at, at + 4 + Math.max(length, 0)));
    } else {
      size.writeInt32BE(STARS.length);
      cells.push(size, STARS);
    }
    at += 4 + Math.max(length, 0);
  }
  const body = Buffer.concat([frame.subarray(5, 7), ...cells]);
  append(out, 0x44, body);
}

function maskLine(frame: Uint8Array, out: ByteSink, outputs: readonly OutputFact[]): void {
  const line = Buffer.from(frame.subarray(5)).toString().replace(/\n$/, "").split("\t");
  const masked = line.map((cell, i) => (outputs[i] !== undefined && isSsn(outputs[i]) ? "***" : cell));
  append(out, 0x64, Buffer.from(`${masked.join("\t")}\n`));
}

function append(out: ByteSink, type: number, body: Buffer): void {
  const bytes = Buffer.alloc(5 + body.length);
  bytes[0] = type;
  bytes.writeUInt32BE(4 + body.length, 1);
  body.copy(bytes, 5);
  out.reserve(bytes.length).set(bytes, out.length);
  out.advance(bytes.length);
}

const filled = new Map<string, Analysis>();

/** EXECUTE and FETCH show what the named statement or cursor shows. */
function referred(analysis: Analysis, command: Command): Analysis {
  const statement = analysis.statements[0];
  const refers = statement?.facts.refers;
  if (statement === undefined || refers === undefined) return analysis;
  const named = command.resolve(refers.kind, refers.name);
  const own = named?.analysis.statements.flatMap((s) => s.effects).find((e) => "facts" in e && e.name === refers.name);
  const outputs = (own !== undefined && "facts" in own ? own.facts : named?.analysis.statements[0]?.facts)?.outputs;
  const key = `${command.text}\n${JSON.stringify(outputs ?? null)}`;
  const kept = filled.get(key);
  if (kept !== undefined) return kept;
  const made = { ...analysis, statements: [{ ...statement, facts: { ...statement.facts, outputs: outputs ?? null } }] };
  filled.set(key, made);
  return made;
}
