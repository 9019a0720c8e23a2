// Answers of people at the local home: whoever shows a token of an issuer that the gateway knows is who the token says, and nobody else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apply, applyGlass } from "#shared/approval/apply.ts";
import { breakGlass, type GlassRefusal, type GlassState } from "#shared/approval/break-glass.ts";
import type { AnswerRefusal, ApprovalState, Approver } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import { type Config, parseConfig } from "../config.ts";
import type { IdentityPort } from "../ports/identity.ts";
import { createIdentity, type Revocations } from "./identity.ts";
import { newId } from "./ids.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { RevocationTable } from "./local-revocations.ts";
import { loadPolicyFolder } from "./policy-folder.ts";

/** Why something did not count: a closed word of the rules, or what is wrong with the token. */
export type NotTaken<Why> = { readonly refused: Why | Refusal };

export interface AnswerWish {
  readonly token: string;
  readonly id: string;
  readonly decision: "approve" | "deny";
  readonly reason: string;
  /** Let commands with the same facts run for so long, not this one alone. */
  readonly windowMinutes?: number;
}

export interface LocalAnswers {
  /** Those that are open or approved, oldest first; or the last ones of all, newest first. */
  list(all: boolean): Promise<readonly ApprovalState[]>;
  show(id: string): Promise<ApprovalState | null>;
  answer(wish: AnswerWish): Promise<ApprovalState | NotTaken<AnswerRefusal>>;
  glasses(): Promise<readonly GlassState[]>;
  breakGlass(wish: {
    readonly token: string;
    readonly target: string;
    readonly reason: string;
    readonly minutes: number;
  }): Promise<GlassState | NotTaken<GlassRefusal>>;
  review(wish: {
    readonly token: string;
    readonly id: string;
    readonly justified: boolean;
    readonly reason: string;
  }): Promise<GlassState | NotTaken<GlassRefusal>>;
  close(): void;
}

const LATEST = 50;

/** @param state the home's folder, with the gateway's configuration in it. @throws when either cannot be read */
export function openLocalAnswers(state: string, now: () => number): LocalAnswers {
  const path = join(state, "proxy.json");
  const config = parseConfig(path, readFileSync(path, "utf8"));
  const table = new RevocationTable(join(state, "index.db"));
  const identity = createIdentity({
    issuers: config.issuers.map(({ caFile, ...issuer }) => ({
      ...issuer,
      ...(caFile === undefined ? {} : { ca: readFileSync(caFile, "utf8") }),
    })),
    oauth: config.oauth,
    revocations: revocationsOf(table),
  });
  return new Answers(config, identity, new LocalApprovalStore(join(state, "index.db"), 2000), now, () => {
    identity.close();
    table.close();
  });
}

class Answers implements LocalAnswers {
  readonly #config: Config;
  readonly #identity: IdentityPort;
  readonly #store: LocalApprovalStore;
  readonly #now: () => number;
  readonly #closeRest: () => void;

  constructor(
    config: Config,
    identity: IdentityPort,
    store: LocalApprovalStore,
    now: () => number,
    closeRest: () => void,
  ) {
    this.#config = config;
    this.#identity = identity;
    this.#store = store;
    this.#now = now;
    this.#closeRest = closeRest;
  }

  list(all: boolean): Promise<readonly ApprovalState[]> {
    return all ? this.#store.latest(LATEST) : this.#store.pending();
  }

  show(id: string): Promise<ApprovalState | null> {
    return this.#store.get(id);
  }

  async answer({ token, id, decision, reason, windowMinutes }: AnswerWish) {
    const by = await this.#who(token);
    if (by instanceof Refusal) return { refused: by };
    const answer = {
      by,
      decision,
      reason,
      channel: "console",
      authentication: "oidc",
      ...(windowMinutes === undefined ? {} : { windowMinutes }),
    } as const;
    const at = this.#now();
    const done = await apply(this.#store, id, { type: "answer", at, answer });
    const refused = done === null ? "unknown-request" : done.refused;
    if (done !== null && refused === undefined) return done.state;
    const incident = { at, type: "answer-refused", why: refused ?? "", request: id, by: by.name, channel: "console" };
    await this.#store.report(incident as Parameters<LocalApprovalStore["report"]>[0]);
    return { refused: refused ?? "unknown-request" } as const;
  }

  glasses(): Promise<readonly GlassState[]> {
    return this.#store.unreviewed();
  }

  async breakGlass({ token, target, reason, minutes }: Parameters<LocalAnswers["breakGlass"]>[0]) {
    const by = await this.#who(token);
    if (by instanceof Refusal) return { refused: by };
    const { approvals } = await loadPolicyFolder(this.#config.policy, this.#config.targets);
    const at = this.#now();
    const broken = breakGlass(approvals, { id: newId(at), target, by, reason, minutes }, at);
    if (typeof broken === "string") return { refused: broken };
    await this.#store.createGlass(broken);
    return broken;
  }

  async review({ token, id, justified, reason }: Parameters<LocalAnswers["review"]>[0]) {
    const by = await this.#who(token);
    if (by instanceof Refusal) return { refused: by };
    const done = await applyGlass(this.#store, id, { type: "review", at: this.#now(), by, justified, reason });
    if (done === null) return { refused: "unknown-glass" } as const;
    return done.refused === undefined ? done.state : { refused: done.refused };
  }

  close(): void {
    this.#store.close();
    this.#closeRest();
  }

  async #who(token: string): Promise<Approver | Refusal> {
    const principal = await this.#identity.verify(token);
    return principal instanceof Refusal ? principal : approverOf(principal);
  }
}

function approverOf({ kind, name, issuer, subject, email, groups }: Principal): Approver {
  return { kind, name, issuer, subject, groups, ...(email === undefined ? {} : { email }) };
}

/** As they are now: a command is over before they change. */
function revocationsOf(table: RevocationTable): Revocations {
  const names = new Set(table.all().map((revocation) => revocation.name));
  return {
    isRevoked: ({ name, actsFor }) => names.has(name) || (actsFor !== undefined && names.has(actsFor)),
    available: true,
    onChange: () => () => {},
  };
}
