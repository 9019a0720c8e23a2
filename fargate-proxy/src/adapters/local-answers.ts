// Answers of people at the local home: the function that takes them on AWS, called in process over the local tables. Whoever shows a token of an
// issuer that the gateway knows is who the token says, and nobody else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { approvalAnswer } from "#functions/approval-answer/answer.ts";
import type { HttpEvent, HttpResponse } from "#functions/approval-answer/http.ts";
import type { AnswerParts } from "#functions/approval-answer/take.ts";
import type { GlassState } from "#shared/approval/break-glass.ts";
import { onChannels } from "#shared/approval/rules.ts";
import type { ApprovalState, Approver } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { type Config, parseConfig } from "../config.ts";
import type { IdentityPort } from "../ports/identity.ts";
import { createIdentity, type Revocations } from "./identity.ts";
import { newId } from "./ids.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { HERE } from "./local-approvals.ts";
import { RevocationTable } from "./local-revocations.ts";

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

export interface LocalAnswers {
  /** Those that are open or approved, oldest first; or the last ones of all, newest first. */
  list(all: boolean): Promise<readonly ApprovalState[]>;
  show(id: string): Promise<ApprovalState | null>;
  answer(wish: AnswerWish): Promise<ApprovalState | NotTaken>;
  glasses(): Promise<readonly GlassState[]>;
  breakGlass(wish: {
    readonly token: string;
    readonly target: string;
    readonly reason: string;
    readonly minutes: number;
  }): Promise<GlassState | NotTaken>;
  review(wish: {
    readonly token: string;
    readonly id: string;
    readonly justified: boolean;
    readonly reason: string;
  }): Promise<GlassState | NotTaken>;
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
  const store = new LocalApprovalStore(join(state, "index.db"), 2000);
  const door = approvalAnswer(async () => partsOf(config, store, identity, table, now));
  return new Answers(store, door, () => {
    identity.close();
    table.close();
  });
}

function partsOf(
  config: Config,
  store: LocalApprovalStore,
  identity: IdentityPort,
  table: RevocationTable,
  now: () => number,
): AnswerParts {
  const approvals = readApprovals(readFileSync(join(config.policy, "approvals.yaml"), "utf8")).value;
  return {
    store,
    slack: null,
    async verify(token) {
      const principal = await identity.verify(token);
      return principal instanceof Refusal ? { refused: principal.message } : approverOf(principal);
    },
    revoked: async (names) => table.all().some((revocation) => names.includes(revocation.name)),
    approvals: approvals === null ? null : { ...approvals, groups: onChannels(approvals.groups, HERE) },
    // The gateway sees both in the tables: it announces what is new, and minds the time.
    startGlass: async () => {},
    settle: async () => {},
    newId: () => newId(now()),
    now,
  };
}

class Answers implements LocalAnswers {
  readonly #store: LocalApprovalStore;
  readonly #door: (event: HttpEvent) => Promise<HttpResponse>;
  readonly #closeRest: () => void;

  constructor(store: LocalApprovalStore, door: (event: HttpEvent) => Promise<HttpResponse>, closeRest: () => void) {
    this.#store = store;
    this.#door = door;
    this.#closeRest = closeRest;
  }

  list(all: boolean): Promise<readonly ApprovalState[]> {
    return all ? this.#store.latest(LATEST) : this.#store.pending();
  }

  show(id: string): Promise<ApprovalState | null> {
    return this.#store.get(id);
  }

  async answer({ token, id, ...body }: AnswerWish): Promise<ApprovalState | NotTaken> {
    const said = await this.#say(token, `/approvals/${id}/answer`, body);
    return "refused" in said ? said : found(await this.#store.get(id));
  }

  glasses(): Promise<readonly GlassState[]> {
    return this.#store.unreviewed();
  }

  async breakGlass({ token, ...body }: Parameters<LocalAnswers["breakGlass"]>[0]): Promise<GlassState | NotTaken> {
    const said = await this.#say(token, "/break-glass", body);
    return "refused" in said ? said : found(await this.#store.getGlass(String(said.id)));
  }

  async review({ token, id, ...body }: Parameters<LocalAnswers["review"]>[0]): Promise<GlassState | NotTaken> {
    const said = await this.#say(token, `/break-glass/${id}/review`, body);
    return "refused" in said ? said : found(await this.#store.getGlass(id));
  }

  close(): void {
    this.#store.close();
    this.#closeRest();
  }

  async #say(token: string, rawPath: string, body: object): Promise<NotTaken | { readonly id?: string }> {
    const { statusCode, body: text } = await this.#door({
      rawPath,
      headers: { authorization: `Bearer ${token}` },
      requestContext: { http: { method: "POST" } },
      body: JSON.stringify(body),
      isBase64Encoded: false,
    });
    const said = JSON.parse(text) as { readonly refused?: string; readonly message?: string; readonly id?: string };
    if (statusCode < 300) return said.id === undefined ? {} : { id: said.id };
    const refused = said.refused ?? "it was not taken";
    return { refused, message: said.message ?? refused };
  }
}

/** What was written a moment ago is there. */
function found<T>(state: T | null): T {
  if (state === null) throw new Error("what was answered has gone");
  return state;
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
