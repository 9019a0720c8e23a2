// The door on AWS, over HTTPS.
import type { GlassState } from "#shared/approval/break-glass.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import type { ReviewState } from "#shared/review/types.ts";
import { Answers, type AnswersReader, type Door } from "./answers.ts";

/** Nothing can be seen or said there; in words. */
export class DoorShut extends Error {
  override readonly name = "DoorShut";
}

const PATIENCE_MS = 20_000;

/**
 * @param address of the HTTP API; @param token of whoever looks
 * Its methods reject with DoorShut when nobody answers, or the token is not taken.
 */
export function openRemoteAnswers(address: string, token: string): Answers {
  const door = httpDoor(address);
  return new Answers(door, reader(door, token), () => {});
}

/** @returns what rejects with DoorShut when nobody answers there */
export function httpDoor(address: string): Door {
  return async (path, bearer, body) => {
    try {
      const response = await fetch(`${address.replace(/\/$/, "")}${path}`, {
        method: body === undefined ? "GET" : "POST",
        headers: { authorization: `Bearer ${bearer}`, "content-type": "application/json" },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        redirect: "error",
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      return { status: response.status, said: await response.json() };
    } catch {
      throw new DoorShut(`nobody answers at ${address}`);
    }
  };
}

function reader(door: Door, token: string): AnswersReader {
  const get = async <T>(path: string): Promise<T | null> => {
    const { status, said } = await door(path, token);
    if (status === 404) return null;
    if (status >= 300) throw new DoorShut((said as { refused?: string }).refused ?? `it was not taken (${status})`);
    return said as T;
  };
  return {
    async list(all) {
      const { requests = [] } = (await get<{ requests: ApprovalState[] }>("/approvals")) ?? {};
      return all ? requests : requests.filter((state) => isAlive(state)).toReversed();
    },
    show: (id) => get<ApprovalState>(`/approvals/${encodeURIComponent(id)}`),
    async glasses() {
      return (await get<{ glasses: GlassState[] }>("/break-glass"))?.glasses ?? [];
    },
    async reviews() {
      return (await get<{ reviews: ReviewState[] }>("/reviews"))?.reviews ?? [];
    },
    showReview: (id) => get<ReviewState>(`/reviews/${encodeURIComponent(id)}`),
  };
}

function isAlive({ status }: ApprovalState): boolean {
  return status === "open" || status === "approved";
}
