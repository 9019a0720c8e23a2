// Messages of a target to the gateway itself, decoded by pg-protocol. Results for clients never come by here.
import type { BackendMessage } from "pg-protocol/dist/messages.js";
import { Parser } from "pg-protocol/dist/parser.js";
import { type Inbox, PeerGone, readMessage } from "./inbox.ts";

/** @throws PeerGone when there is none that can be read */
export async function nextMessage(inbox: Inbox, longest: number): Promise<BackendMessage> {
  const message = await readMessage(inbox, null, longest);
  if (message === null) throw new PeerGone();
  let parsed: BackendMessage | undefined;
  new Parser().parse(message.whole, (m) => {
    parsed = m;
  });
  if (parsed === undefined) throw new PeerGone();
  return parsed;
}

/** pg-protocol types its messages by name only. */
export function field<T>(message: BackendMessage, name: string): T {
  return (message as unknown as Record<string, T>)[name] as T;
}
