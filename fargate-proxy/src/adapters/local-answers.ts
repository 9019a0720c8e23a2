// Answers of people at the local home: the function that takes them on AWS, called in process over the local tables. Whoever shows a token of an
// issuer that the gateway knows is who the token says, and nobody else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { approvalAnswer } from "#functions/approval-answer/answer.ts";
import type { HttpEvent, HttpResponse } from "#functions/approval-answer/http.ts";
import type { AnswerParts } from "#functions/approval-answer/take.ts";
import { onChannels } from "#shared/approval/rules.ts";
import type { Approver } from "#shared/approval/types.ts";
import { Refusal } from "#shared/errors.ts";
import type { Principal } from "#shared/identity.ts";
import { readApprovals } from "#shared/policy/approvals-file.ts";
import { type Config, parseConfig } from "../config.ts";
import type { IdentityPort } from "../ports/identity.ts";
import { Answers, type AnswersReader, type Door } from "./answers.ts";
import { createIdentity, type Revocations } from "./identity.ts";
import { newId } from "./ids.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { HERE } from "./local-approvals.ts";
import { RevocationTable } from "./local-revocations.ts";

const LATEST = 50;

/** @param state the home's folder, with the gateway's configuration in it. @throws when either cannot be read */
export function openLocalAnswers(state: string, now: () => number): Answers {
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
  const reader: AnswersReader = {
    list: (all) => (all ? store.latest(LATEST) : store.pending()),
    show: (id) => store.get(id),
    glasses: () => store.unreviewed(),
  };
  return new Answers(doorOf(approvalAnswer(async () => partsOf(config, store, identity, table, now))), reader, () => {
    store.close();
    identity.close();
    table.close();
  });
}

function doorOf(handle: (event: HttpEvent) => Promise<HttpResponse>): Door {
  return async (rawPath, token, body) => {
    const { statusCode, body: text } = await handle({
      rawPath,
      headers: { authorization: `Bearer ${token}` },
      requestContext: { http: { method: body === undefined ? "GET" : "POST" } },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      isBase64Encoded: false,
    });
    return { status: statusCode, said: JSON.parse(text) };
  };
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
