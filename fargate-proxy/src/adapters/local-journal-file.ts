// The format of one journal file: batches one after the other, each with its length and a CRC-32. The CRC starts from the file's number,
// so that what a recycled file still holds from its earlier life does not count. Zeros, or anything torn, end the file.

import type { FileHandle } from "node:fs/promises";
import { crc32 } from "node:zlib";

export const BATCH_HEADER = 8;

/** Length and CRC, big-endian. */
export function batchHeader(unit: number, batch: Uint8Array): Uint8Array {
  const header = Buffer.allocUnsafe(BATCH_HEADER);
  header.writeUInt32BE(batch.length, 0);
  header.writeUInt32BE(checksum(unit, batch), 4);
  return header;
}

function checksum(unit: number, batch: Uint8Array): number {
  const start = Buffer.allocUnsafe(12);
  start.writeBigUInt64BE(BigInt(unit), 0);
  start.writeUInt32BE(batch.length, 8);
  return crc32(batch, crc32(start));
}

export function journalFileName(unit: number): string {
  return `${String(unit).padStart(10, "0")}.wal`;
}

export function parseJournalFileName(name: string): number | null {
  const [, digits] = /^(\d{10})\.wal$/.exec(name) ?? [];
  return digits === undefined ? null : Number(digits);
}

/** The batch at `at`, or null when there is none (yet). */
export async function readBatch(file: FileHandle, unit: number, at: number): Promise<Uint8Array | null> {
  const header = Buffer.alloc(BATCH_HEADER);
  const { bytesRead } = await file.read(header, 0, BATCH_HEADER, at);
  const length = header.readUInt32BE(0);
  if (bytesRead < BATCH_HEADER || length === 0) return null;
  const { size } = await file.stat();
  if (at + BATCH_HEADER + length > size) return null;
  const batch = Buffer.allocUnsafe(length);
  const read = await file.read(batch, 0, length, at + BATCH_HEADER);
  return read.bytesRead === length && checksum(unit, batch) === header.readUInt32BE(4) ? batch : null;
}
