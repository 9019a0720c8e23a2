// Answers of people at the local home: the function that takes them on AWS, called in process over the local tables. Whoever shows a token of an
// issuer that the gateway knows is who the token says, and nobody else.
import { join } from "node:path";
import type { HttpEvent, HttpResponse } from "#functions/adapters/http-api.ts";
import { policyPlace } from "#functions/adapters/policy-place.ts";
import { approvalAnswer } from "#functions/approval-answer/answer.ts";
import type { AnswerParts } from "#functions/approval-answer/take.ts";
import { listReviews } from "#shared/review/list.ts";
import { Answers, type AnswersReader, type Door } from "./answers.ts";
import { newId } from "./ids.ts";
import { LocalApprovalStore } from "./local-approval-store.ts";
import { HERE } from "./local-approvals.ts";
import { type LocalDoor, openLocalDoor } from "./local-door.ts";
import { localReviewSource } from "./local-reviews.ts";

const LATEST = 50;

/** @param state the home's folder, with the gateway's configuration in it. @throws when either cannot be read */
export function openLocalAnswers(state: string, now: () => number): Answers {
  const door = openLocalDoor(state);
  const store = new LocalApprovalStore(join(state, "index.db"), 2000);
  const reader: AnswersReader = {
    list: (all) => (all ? store.latest(LATEST) : store.pending()),
    show: (id) => store.get(id),
    glasses: () => store.unreviewed(),
    reviews: () => listReviews(store, LATEST),
    showReview: (id) => store.getReview(id),
  };
  return new Answers(doorOf(approvalAnswer(async () => partsOf(state, door, store, now))), reader, () => {
    store.close();
    door.close();
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
  state: string,
  { config, verify, isRevoked }: LocalDoor,
  store: LocalApprovalStore,
  now: () => number,
): AnswerParts {
  return {
    store,
    slack: null,
    verify,
    revoked: async (names) => isRevoked(names),
    policy: policyPlace(store, config.policy, HERE),
    // The gateway sees them in the tables: it announces what is new, and minds the time.
    startGlass: async () => {},
    startRequest: async () => {},
    settle: async () => {},
    reviewSource: localReviewSource(state),
    newId: () => newId(now()),
    now,
  };
}
