// The officers' door on AWS.
import { openRemoteOfficers } from "#proxy/adapters/remote-officers.ts";
import { ownDoor, taken } from "../answers.ts";
import type { OfficersDoor } from "./door.ts";

export function remoteOfficers(
  door: { readonly address: string; readonly token: string },
  as: string | undefined,
): OfficersDoor {
  const { address, token } = ownDoor(door, as);
  const remote = openRemoteOfficers(address, token);
  return {
    waiting: async () => taken(await remote.list()).filter(({ agreed }) => agreed === null),
    agree: async ({ id }, reason) => taken(await remote.agree(id, reason)),
    ask: async (wish, reason) => taken(await remote.ask(wish, reason)),
    open: async (request) => taken(await remote.open(request)),
    shred: async (request) => void taken(await remote.shred(request)),
    close: () => {},
  };
}
