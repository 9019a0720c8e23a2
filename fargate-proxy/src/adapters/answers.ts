// What people can say and see of requests for an approval. It all goes through one door, the function approval-answer: in process at home, over HTTPS on AWS.
import type { PushSummary } from "#functions/approval-answer/policy-routes.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { InForce, PolicyFiles, Push } from "#shared/policy/push/types.ts";
import type { ReviewState } from "#shared/review/types.ts";

/** Why something did not count: a closed word of the rules, or what is wrong with the token; and the same in words. */
export interface NotTaken {
  readonly refused: string;
  readonly message: string;
}

export interface AnswerWish {
  readonly token: string;
  readonly id: string;
  readonly decision: "approve" | "deny";
  readonly reason: string;
  /** Let commands with the same facts run for so long, not this one alone. */
  readonly windowMinutes?: number;
}

/** What can be seen: all of it at home, by whoever reads the tables; on AWS what the token's owner may answer or has asked for. */
export interface AnswersReader {
  /** Those that are open or approved, oldest first; or the last ones of all, newest first. */
  list(all: boolean): Promise<readonly ApprovalState[]>;
  show(id: string): Promise<ApprovalState | null>;
  /** Those that nobody has reviewed, oldest first. */
  glasses(): Promise<readonly GlassState[]>;
  /** Activity reviews, newest first: the last ones, and all that nobody has attested. */
  reviews(): Promise<readonly ReviewState[]>;
  showReview(id: string): Promise<ReviewState | null>;
}

/** @param body JSON; without one it is a GET. @returns the status and the JSON of the answer */
export type Door = (
  path: string,
  token: string,
  body?: object,
) => Promise<{ readonly status: number; readonly said: unknown }>;

/** The policy in force, and what was proposed lately. */
export interface PolicyStanding {
  readonly files: PolicyFiles;
  /** Null while nothing was pushed: then it is what was deployed. */
  readonly inForce: InForce | null;
  readonly pushes: readonly PushSummary[];
}

export class Answers implements AnswersReader {
  readonly #door: Door;
  readonly #reader: AnswersReader;
  readonly close: () => void;

  constructor(door: Door, reader: AnswersReader, close: () => void) {
    this.#door = door;
    this.#reader = reader;
    this.close = close;
  }

  list(all: boolean): Promise<readonly ApprovalState[]> {
    return this.#reader.list(all);
  }

  show(id: string): Promise<ApprovalState | null> {
    return this.#reader.show(id);
  }

  glasses(): Promise<readonly GlassState[]> {
    return this.#reader.glasses();
  }

  reviews(): Promise<readonly ReviewState[]> {
    return this.#reader.reviews();
  }

  showReview(id: string): Promise<ReviewState | null> {
    return this.#reader.showReview(id);
  }

  answer({ token, id, ...body }: AnswerWish): Promise<ApprovalState | NotTaken> {
    return this.#say(`/approvals/${id}/answer`, token, body);
  }

  /** @param wish.minutes for how long */
  breakGlass(wish: {
    readonly token: string;
    readonly target: string;
    readonly reason: string;
    readonly minutes: number;
  }): Promise<GlassState | NotTaken> {
    const { token, ...body } = wish;
    return this.#say("/break-glass", token, body);
  }

  review(wish: {
    readonly token: string;
    readonly id: string;
    readonly justified: boolean;
    readonly reason: string;
  }): Promise<GlassState | NotTaken> {
    const { token, id, ...body } = wish;
    return this.#say(`/break-glass/${id}/review`, token, body);
  }

  /** Begins an activity review of the last days now. @param wish.days whole days */
  openReview(wish: { readonly token: string; readonly days: number }): Promise<ReviewState | NotTaken> {
    const { token, ...body } = wish;
    return this.#say("/reviews", token, body);
  }

  attest(wish: {
    readonly token: string;
    readonly id: string;
    readonly findings: string;
    readonly concern: boolean;
  }): Promise<ReviewState | NotTaken> {
    const { token, id, ...body } = wish;
    return this.#say(`/reviews/${encodeURIComponent(id)}/attest`, token, body);
  }

  policy(token: string): Promise<PolicyStanding | NotTaken> {
    return this.#say("/policy", token);
  }

  showPush(token: string, id: string): Promise<Push | NotTaken> {
    return this.#say(`/policy/${encodeURIComponent(id)}`, token);
  }

  /** @param wish.from milliseconds since the epoch; now when left out. @param wish.previous the version in whose place it is to come */
  pushPolicy(wish: {
    readonly token: string;
    readonly files: PolicyFiles;
    readonly previous: string;
    readonly from?: number;
    readonly reason: string;
  }): Promise<{ readonly state: ApprovalState; readonly changes: readonly string[] } | NotTaken> {
    const { token, ...body } = wish;
    return this.#say("/policy", token, body);
  }

  async #say<T>(path: string, token: string, body?: object): Promise<T | NotTaken> {
    const { status, said } = await this.#door(path, token, body);
    if (status < 300) return said as T;
    const { refused = "it was not taken", message = refused } = said as Partial<NotTaken>;
    return { refused, message };
  }
}
