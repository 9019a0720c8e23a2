// AES-256-GCM for blocks of the sealed lane.
import { createCipheriv, createDecipheriv } from "node:crypto";
import {
  readSealedHeader,
  SEALED_HEADER,
  SEALED_TAG,
  type SealedHeader,
  sealedContext,
  sealedNonce,
  writeSealedHeader,
} from "#shared/evidence/sealed.ts";
import type { Place } from "#shared/evidence/segment.ts";

type Where = Pick<Place, "session" | "target">;

/** @param key 32 bytes; must not have sealed another block of this number */
export function sealBlock(key: Uint8Array, header: SealedHeader, where: Where, plain: Uint8Array): Buffer {
  const head = writeSealedHeader(header);
  const cipher = createCipheriv("aes-256-gcm", key, sealedNonce(header.number), { authTagLength: SEALED_TAG });
  cipher.setAAD(sealedContext(head, where));
  return Buffer.concat([head, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** @throws when the block is not as it was sealed, or not from there */
export function openBlock(key: Uint8Array, block: Uint8Array, where: Where): Uint8Array {
  const header = readSealedHeader(block);
  if (header === null) throw new Error("this is not a block of the sealed lane");
  const end = block.length - SEALED_TAG;
  const decipher = createDecipheriv("aes-256-gcm", key, sealedNonce(header.number), { authTagLength: SEALED_TAG });
  decipher.setAAD(sealedContext(block, where));
  decipher.setAuthTag(block.subarray(end));
  return Buffer.concat([decipher.update(block.subarray(SEALED_HEADER, end)), decipher.final()]);
}
