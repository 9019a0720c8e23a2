// The officers' door on AWS, over HTTPS. A data key comes sealed to a key that is made for this one answer.
import { hpkeOpen, hpkePair } from "#functions/adapters/hpke.ts";
import { handedOver, type OfficerRequest, type OfficerWish } from "#shared/evidence/officers.ts";
import type { NotTaken } from "./answers.ts";
import { httpDoor } from "./remote-answers.ts";

export interface RemoteOfficers {
  /** Those that are in time, newest first. */
  list(): Promise<readonly OfficerRequest[] | NotTaken>;
  /** Gives what this officer has asked for, or agreed to, already. */
  ask(wish: Omit<OfficerWish, "id">, reason: string): Promise<OfficerRequest | NotTaken>;
  agree(id: string, reason: string): Promise<OfficerRequest | NotTaken>;
  /** The data key of the request's session, 32 bytes. */
  open(request: OfficerRequest): Promise<Uint8Array | NotTaken>;
  shred(request: OfficerRequest): Promise<OfficerRequest | NotTaken>;
}

/** @param address of the HTTP API; @param token of the officer. Its methods reject with DoorShut when nobody answers. */
export function openRemoteOfficers(address: string, token: string): RemoteOfficers {
  const door = httpDoor(address);
  const say = async <T>(path: string, body?: object): Promise<T | NotTaken> => {
    const { status, said } = await door(`/officers${path}`, token, body);
    if (status < 300) return said as T;
    const { refused = "it was not taken", message = refused } = said as Partial<NotTaken>;
    return { refused, message };
  };
  return {
    async list() {
      const found = await say<{ readonly requests: readonly OfficerRequest[] }>("");
      return "refused" in found ? found : found.requests;
    },
    ask: (wish, reason) => say("", { ...wish, reason }),
    agree: (id, reason) => say(`/${encodeURIComponent(id)}/agree`, { reason }),
    async open(request) {
      const pair = await hpkePair();
      const publicKey = Buffer.from(pair.open).toString("base64url");
      const answer = await say<{ readonly sealedKey: string }>(`/${encodeURIComponent(request.id)}/open`, {
        publicKey,
      });
      if ("refused" in answer) return answer;
      return hpkeOpen(pair.secret, handedOver(request), Buffer.from(answer.sealedKey, "base64url"));
    },
    shred: (request) => say(`/${encodeURIComponent(request.id)}/shred`, {}),
  };
}
