import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  BLOCK_HEADER,
  blockHeader,
  CHUNK_HEADER,
  type ChunkType,
  readChunks,
  splitBlocks,
  writeChunkHeader,
} from "#shared/evidence/recording.ts";
import { objectKey, parseKey, placeOf, splitLines } from "#shared/evidence/segment.ts";

describe("chunks", () => {
  it("come back as they were written", () => {
    const type = fc.constantFrom<ChunkType>("output", "statement", "result", "commitments", "after");
    const chunk = fc.record({
      type,
      seq: fc.nat(),
      time: fc.integer({ min: 0, max: 2 ** 47 }),
      bytes: fc.uint8Array(),
    });
    fc.assert(
      fc.property(fc.array(chunk), (chunks) => {
        const block = Buffer.concat(
          chunks.map(({ type, seq, time, bytes }) => {
            const piece = Buffer.alloc(CHUNK_HEADER + bytes.length);
            writeChunkHeader(piece, 0, type, seq, time, bytes.length);
            piece.set(bytes, CHUNK_HEADER);
            return piece;
          }),
        );
        const read = [...readChunks(block)].map(({ type, seq, time, bytes }) => ({
          type,
          seq,
          time,
          bytes: Buffer.from(bytes).toString("hex"),
        }));
        expect(read).toEqual(chunks.map((c) => ({ ...c, bytes: Buffer.from(c.bytes).toString("hex") })));
      }),
    );
  });

  it("that are cut short are not taken", () => {
    const block = new Uint8Array(CHUNK_HEADER + 3);
    writeChunkHeader(block, 0, "output", 1, 1, 4);
    expect(() => [...readChunks(block)]).toThrow("cut short");
    expect(() => [...readChunks(new Uint8Array(CHUNK_HEADER))]).toThrow("malformed");
  });
});

describe("blocks", () => {
  it("are found up to where a part is torn, at every byte", () => {
    const frames = [Buffer.from("one"), Buffer.from("three"), Buffer.alloc(0)];
    const part = Buffer.concat(frames.flatMap((frame) => [blockHeader(frame.length), frame]));
    const ends = [BLOCK_HEADER + 3, 2 * BLOCK_HEADER + 8, 3 * BLOCK_HEADER + 8];
    for (let length = 0; length <= part.length; length++) {
      const whole = ends.filter((end) => end <= length);
      const found = splitBlocks(part.subarray(0, length));
      expect(found.frames.length).toBe(whole.length);
      expect(found.whole).toBe(whole.at(-1) ?? 0);
    }
  });
});

describe("keys", () => {
  it("say what they hold", () => {
    const place = placeOf("01ABC", "clinic", Date.UTC(2026, 10, 20, 23, 59));
    const key = objectKey({ lane: "events", ...place, first: 1, last: 50 });
    expect(key).toBe("events/v1/date=2026-11-20/target=clinic/01ABC/0000000001-0000000050.ndjson.zst");
    expect(parseKey(key)).toEqual({ lane: "events", ...place, first: 1, last: 50 });
  });

  it("hold nothing that a client made up", () => {
    for (const target of ["", "../../etc", "a/b", "-x", "Ünï", "x".repeat(64), "a b"])
      expect(placeOf("s", target, 0).target).toBe("other");
    for (const session of ["", "a/b", "..", "a b"]) expect(() => placeOf(session, "t", 0)).toThrow(RangeError);
  });

  it("have one spelling", () => {
    for (const bad of [
      "events/v1/date=2026-11-20/target=clinic/s/1-2.ndjson.zst",
      "events/v1/date=2026-11-20/target=clinic/s/0000000002-0000000001.ndjson.zst",
      "events/v1/date=2026-11-20/target=clinic/s/0000000001-0000000001.chunks.zst",
      "x",
    ])
      expect(parseKey(bad)).toBeNull();
  });
});

describe("lines of a segment", () => {
  it("need their ends", () => {
    expect(splitLines(Buffer.from("a\n\nb\n"))?.map(String)).toEqual(["a", "", "b"]);
    expect(splitLines(Buffer.from("a\nb"))).toBeNull();
  });
});
