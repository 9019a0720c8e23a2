// What two officers have agreed on, done: first it is in the evidence, then a key is opened or destroyed.
import type { DataKeyOpener, WrappedKeys } from "#shared/evidence/data-keys.ts";
import { handedOver, type OfficerRequest } from "#shared/evidence/officers.ts";
import { officerRecord, type RecordTools } from "#shared/evidence/officers-record.ts";
import type { StorePort } from "#shared/evidence/ports.ts";
import { placeOf } from "#shared/evidence/segment.ts";
import { hpkeSeal } from "../adapters/hpke.ts";

export interface Recording {
  /** Resolves when it is in the bucket, under its lock. It may be said again. @throws when it is not there, or is another */
  record(request: OfficerRequest): Promise<void>;
}

export interface RecordingParts extends RecordTools {
  readonly store: Pick<StorePort, "get" | "put">;
  decompress(bytes: Uint8Array): Promise<Uint8Array>;
}

export function recordingIn(parts: RecordingParts): Recording {
  return {
    async record(request) {
      const record = officerRecord(request, parts);
      if (record === null) throw new Error("nobody has agreed to it");
      const { record: about, bytes } = await record.object();
      const there = await parts.store.get(about.key);
      // Lines are compared: another version of what packs them makes other bytes.
      const lines = there === null ? record.text : Buffer.from(await parts.decompress(there)).toString("utf8");
      if (lines !== record.text) throw new Error("the evidence says something else of this request");
      // Said again it is stored no second time, but its lock is looked at: an earlier attempt may have ended before that.
      await parts.store.put(about.key, there ?? bytes, { final: true });
    },
  };
}

export interface DeedParts {
  readonly keys: WrappedKeys;
  readonly opener: DataKeyOpener;
  readonly recording: Recording;
}

/** @returns the session's data key, which nobody can read but who has the other half of `publicKey`; null when there is none any more */
export async function openFor(
  { keys, opener, recording }: DeedParts,
  request: OfficerRequest,
  publicKey: Uint8Array,
): Promise<Uint8Array | null> {
  await recording.record(request);
  const wrapped = await keys.get(request.session);
  if (wrapped === null) return null;
  const { session, target } = placeOf(request.session, request.target, 0);
  return hpkeSeal(publicKey, handedOver(request), await opener.open(wrapped, { session, target }));
}

export async function shredFor({ keys, recording }: DeedParts, request: OfficerRequest): Promise<void> {
  await recording.record(request);
  await keys.destroy(request.session);
}
