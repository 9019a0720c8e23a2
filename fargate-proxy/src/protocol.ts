// The plug-in surface: what a protocol sees of the gate, and what the gate asks of a protocol.
import type { BoundValues } from "#shared/approval/digest.ts";
import type { ApprovalMode } from "#shared/approval/types.ts";
import type { Refusal } from "#shared/errors.ts";
import type { Source } from "#shared/evidence/event.ts";
import type { Analysis } from "#shared/facts.ts";
import type { Principal } from "#shared/identity.ts";
import type { CopyShape } from "#shared/masking/copy.ts";
import type { CopyMask, MaskTally, RowMask, Shape } from "#shared/masking/types.ts";
import type { Target } from "#shared/target.ts";
import type { Permit } from "./gate/permit.ts";
import type { AnalysisContext } from "./ports/analysis.ts";
import type { Credential } from "./ports/credentials.ts";

/** Why a session ended; goes into `session.closed`. */
export type Ending = string;

export interface Protocol {
  readonly name: string;
  /** Serves one accepted connection until it ends. Never rejects. */
  serve(connection: unknown, gate: Gate): Promise<Ending>;
}

/** What a client claims at login. */
export interface Claim {
  readonly protocol: string;
  readonly user: string;
  readonly target: string;
  readonly token: string;
  readonly authentication: "password" | "oauthbearer";
  readonly source: Source;
  readonly application: string;
  /** Purpose of use, as the client states it. */
  readonly purpose?: string;
  /** How commands wait for an approval, when the client says so. */
  readonly approval?: ApprovalMode;
  /** TLS version, or `none`. */
  readonly tls: string;
}

export interface Gate {
  /** Who, to which target: verifies the token, decides `connect`, opens the evidence. A refusal is recorded before it is returned. */
  admit(claim: Claim): Promise<Session | Refusal>;
  /** A connection that never became a claim (no TLS, garbage, timeout): recorded as `session.refused`. */
  turnAway(protocol: string, source: Source, claimed: string, refusal: Refusal): Promise<void>;
}

/** What decides, besides text and context, what a command does. */
export interface Circumstances {
  /** Null for a simple query. */
  readonly bound: BoundValues | null;
  /** Settings as the target reported them, by name. */
  readonly settings: Readonly<Record<string, string>>;
  /** The target may be keeping locks for this session. */
  readonly locks: boolean;
}

/** Who takes a waiting command back. */
export type Interruption = "the client cancelled it" | "the client left";

/** What a client is told while its command waits. */
export interface Notice {
  readonly message: string;
  readonly detail: string;
  readonly hint: string;
}

/** A command to be judged: the exact bytes to forward and the statement in them. */
export interface Command {
  readonly phase: "query" | "prepare" | "execute";
  /** The statement's text; for `execute`, the text that was parsed. */
  readonly text: string;
  /** Immutable: a new object whenever search_path or temporary relations change, the same one otherwise. */
  readonly context: AnalysisContext;
  /** For `execute`: what Parse was judged to be. */
  readonly prepared?: Judgement;
  /** Resolves SQL-level names (EXECUTE name, FETCH name) that only this session knows; undefined when unknown. */
  resolve(kind: "prepared" | "cursor", name: string): Judgement | undefined;
  /** Number of bind values, for evidence. */
  readonly binds: number;
  /** For `execute`, where originals are kept: what was bound, in the protocol's own form. */
  readonly values?: Uint8Array | null;
  /** Exactly what goes to the target if permitted. */
  readonly bytes: Uint8Array;
  /** For `execute`: a portal that stopped half way was permitted to run as this, and goes on. */
  readonly continues?: Judgement;
  /** Asked when the command needs an approval; null when it cannot be told what would run. */
  circumstances(): Circumstances | null;
  /** Called, maybe more than once, while the command waits for an approval. */
  waits(notice: Notice): void;
}

/** What the gate found of a command: kept by the protocol for as long as the command can produce results. */
export interface Judgement {
  readonly text: string;
  readonly analysis: Analysis;
  /** `seq` of the `statement` event. */
  readonly ref: number;
  /** Running it needs an approval. */
  readonly held: boolean;
  /** Something runs beside it that needs its bind values. */
  readonly accompanied?: boolean;
}

export interface Permitted {
  readonly judgement: Judgement;
  /** `seq` of the event that announces this run. */
  readonly run: number;
  /** Moves the command's bytes; a Promise because evidence is made durable first. Rejects with a Refusal when it cannot be. */
  readonly permit: Promise<Permit>;
  /** What has to run beside it, on the same connection. */
  readonly beside?: Companion;
}

/** A statement of the gateway's own; its results come as text. */
export interface SideStatement {
  readonly text: string;
  /** What `$1` ... are; null for none. */
  readonly bound: BoundValues | null;
  /** Rows that are wanted; 0 for all. */
  readonly most: number;
}

export interface SideAnswer {
  readonly shape: Shape;
  /** The RowDescription message, as the target sent it; empty when there was none. */
  readonly description: Uint8Array;
  /** DataRow messages, as the target sent them. */
  readonly rows: readonly Uint8Array[];
  /** There may be more rows than were wanted; or they have so many bytes that they were not kept. */
  readonly more: boolean;
}

/** The target refused a statement of the gateway's own: what belongs to it is undone. */
export interface SideFailure {
  readonly sqlstate: string;
}

/** How a protocol writes statements of the gateway's own. */
export interface SideEncoder {
  run(statement: SideStatement, name: string): Uint8Array;
  parse(text: string, name: string): Uint8Array;
}

export type Ask = (statement: SideStatement) => Promise<SideAnswer | SideFailure>;

/** Around a command that has no transaction block, together with what runs beside it. */
export const OWN_TRANSACTION = ["BEGIN", "COMMIT", "ROLLBACK"] as const;

export function isOwnTransaction(text: string): boolean {
  return (OWN_TRANSACTION as readonly string[]).includes(text);
}

/** How a command ended; `sqlstate` is empty when it did not fail. */
export interface SideOutcome {
  readonly tag: string;
  readonly sqlstate: string;
}

/**
 * What the gateway runs beside a command of the client: on its connection, in the transaction of the command, without the client hearing of
 * it. Of the three, `before` and then `after`, or `left` alone, is called, once.
 */
export interface Companion {
  /** Texts of all that it may ask: in the evidence before any of them runs. OWN_TRANSACTION is understood. */
  readonly texts: readonly string[];
  /** Of the command that it runs beside. */
  readonly text: string;
  /** The command must not show what is older than what `before` was answered. */
  readonly fresh?: true;
  /**
   * Before the command's bytes move. After a SideFailure the command does not run: its error takes the place of the command's.
   * @returns a refusal when the command must not run
   */
  before(ask: Ask, bound: BoundValues | null): Promise<Refusal | null>;
  /** Behind the command, before the client hears of its end. After a failed command nothing can be asked. */
  after(ask: Ask, outcome: SideOutcome): Promise<void>;
  /** The protocol could not run it at this place. */
  left(why: string): void;
}

/** Where an answer belongs. */
export interface AnswerPlace {
  /** What it answers: `Permitted.run`; 0 for what the target says unasked. */
  readonly run: number;
  /** Bytes that the client is sent before it and that were not given to `output` yet. */
  readonly waiting: number;
}

export interface Session {
  readonly id: string;
  readonly principal: Principal;
  readonly target: Target;
  /**
   * The gateway's credential for the target, or the newest instead of the version that was `refused`; which one it is, is recorded.
   * @throws when it cannot be had
   */
  credential(refused?: string): Promise<Credential>;
  /** Analyse, decide (may hold), record. Synchronous on the hot path, when analysis and decision are cached. */
  judge(command: Command): Permitted | Refusal | Promise<Permitted | Refusal>;
  /** Frames that carry no command (Sync, Flush, Bind to a judged statement ...): the protocol's own closed list is asked, or it throws. */
  pass(bytes: Uint8Array): Permit;
  /** A statement of the gateway's own, which evidence knows. @param name for the prepared statement and the portal */
  side(companion: Companion, statement: SideStatement, name: string): Permit;
  /** Has the target parse the command, and runs nothing: what is wrong with its words shows before anything runs beside it. */
  trial(companion: Companion, name: string): Permit;
  /** What must be hidden in a result of the `index`-th statement of a judged command string. */
  conceal(judgement: Judgement, index: number, shape: Shape, place: AnswerPlace): RowMask | Refusal;
  /** The same for COPY TO STDOUT: its rows come in CopyData messages. */
  concealCopy(judgement: Judgement, index: number, shape: CopyShape, place: AnswerPlace): CopyMask | Refusal;
  /** Originals are kept for those who may open them: statements, bound values, COPY data, what masks hide. */
  readonly keepsOriginals: boolean;
  /** A message of the target that the client is not told, or not in these words. */
  withheld(message: Uint8Array, place: AnswerPlace): void;
  /** A message of the client to a COPY that takes its data. @param run the event that announced it */
  input(run: number, message: Uint8Array): void;
  /** False once the catalog has changed since: names in it may mean something else by now. */
  holds(judgement: Judgement): boolean;
  /** True when the target holds PHI: what others say there may speak of it. */
  readonly protected: boolean;
  /** True when errors and notices of this command may carry data and must be rebuilt. */
  guarded(judgement: Judgement): boolean;
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
  ): void;
  /** All that was sent has been answered, and no transaction is open: what was done is not undone any more. */
  idle(): void;
  /** Gives up the command that waits for an approval, and asks no more about free text of results that have begun. @returns false when none waits */
  interrupt(why: Interruption): boolean;
  /** A refusal that the protocol itself decided on (unsupported message, violation): recorded. */
  refused(refusal: Refusal, judgement: Judgement | null): Promise<void>;
  /** DDL of this session took effect: analysis must see it before the next command. Resolves when it does. */
  catalogChanged(): Promise<void>;
  /**
   * What is ready for the client may leave once this resolves: then the evidence says whose records it shows. Null when it may at once.
   * Rejects when that cannot be written.
   */
  disclosing(): Promise<void> | null;
  /** Nothing more can wait: what is not known by now of what is ready is recorded as not known. */
  hurry(): void;
  output(bytes: Uint8Array): void;
  readonly writable: boolean;
  drained(): Promise<void>;
  /** Calls back once when the session must end (revocation, drain, absolute time); the protocol sends the refusal and closes. */
  onEnd(listener: (refusal: Refusal) => void): void;
  close(reason: Ending): Promise<void>;
}
