// The framing of the sealed lane: whatever is done to its blocks, they either open to what was sealed or not at all.
import { randomBytes } from "node:crypto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { openBlock, sealBlock } from "#proxy/adapters/node-cipher.ts";
import { compress } from "#proxy/adapters/node-zstd.ts";
import { readSealed } from "#proxy/adapters/sealed-read.ts";
import { blockHeader, CHUNK_HEADER, splitBlocks, writeChunkHeader } from "#shared/evidence/recording.ts";
import { followSealed, SEALED_START } from "#shared/evidence/sealed.ts";

const WHERE = { session: "01SESSION", target: "clinic" };
const place = { ...WHERE, date: "2026-11-25" };
const key = randomBytes(32);
const hash = randomBytes(32);

async function lane(texts: readonly string[], where = place, by = key): Promise<Buffer[]> {
  const blocks: Buffer[] = [];
  for (const [i, text] of texts.entries()) {
    const bytes = Buffer.from(text);
    const chunk = Buffer.alloc(CHUNK_HEADER + bytes.length);
    writeChunkHeader(chunk, 0, "statement", i + 1, 0, bytes.length);
    bytes.copy(chunk, CHUNK_HEADER);
    blocks.push(sealBlock(by, { number: i + 1, last: false, key: hash }, where, await compress(chunk, 1)));
  }
  blocks.push(sealBlock(by, { number: blocks.length + 1, last: true, key: hash }, where, new Uint8Array(0)));
  return blocks;
}

const join = (blocks: readonly Uint8Array[]) =>
  Buffer.concat(blocks.flatMap((block) => [blockHeader(block.length), block]));

async function read(part: Uint8Array): Promise<{ texts: string[]; whole: boolean }> {
  const parts = async function* () {
    yield part;
  };
  const chunks = readSealed(parts(), key, WHERE);
  const texts: string[] = [];
  for (;;) {
    const { value, done } = await chunks.next();
    if (done) return { texts, whole: value };
    texts.push(Buffer.from(value.bytes).toString());
  }
}

const texts = fc.array(fc.string({ minLength: 1 }), { minLength: 1, maxLength: 5 });

describe("the sealed lane", () => {
  it("opens to what was sealed", async () => {
    await fc.assert(
      fc.asyncProperty(texts, async (some) => {
        const part = join(await lane(some));
        expect(followSealed(part, SEALED_START)).toMatchObject({ number: some.length + 1, last: true });
        expect(await read(part)).toEqual({ texts: some, whole: true });
      }),
    );
  });

  it("cut anywhere, says that it has no end, or does not open", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), async (some, at) => {
        const part = join(await lane(some));
        const cut = part.subarray(0, at % part.length);
        const found = await read(cut).catch(() => null);
        expect(found === null || (!found.whole && found.texts.every((text, i) => text === some[i]))).toBe(true);
      }),
    );
  });

  it("with any one bit changed does not open", async () => {
    await fc.assert(
      fc.asyncProperty(texts, fc.nat(), fc.nat(7), async (some, at, bit) => {
        const part = join(await lane(some));
        part[at % part.length]! ^= 1 << bit;
        await expect(read(part)).rejects.toThrow();
      }),
      { numRuns: 300 },
    );
  });

  it("with blocks in another order, twice, left out or put in does not open, numbered anew or not", async () => {
    const change = fc.record({
      from: fc.nat(),
      to: fc.nat(),
      renumber: fc.boolean(),
      what: fc.constantFrom("move", "repeat", "drop"),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.string({ minLength: 1 }), { minLength: 2, maxLength: 5 }),
        change,
        async (some, by) => {
          const blocks = await lane(some);
          const order = blocks.map((_, i) => i);
          const [from, to] = [by.from % order.length, by.to % order.length];
          if (by.what === "drop") order.splice(from, 1);
          else if (by.what === "repeat") order.splice(to, 0, from);
          else order.splice(to, 0, ...order.splice(from, 1));
          fc.pre(order.length !== blocks.length || order.some((was, i) => was !== i));
          // Without its end it is a lane that was cut off, which the ledger says.
          fc.pre(order.at(-1) === blocks.length - 1);
          const changed = order.map((was, i) => {
            const block = Buffer.from(blocks[was]!);
            if (by.renumber) block.writeUInt32BE(i + 1, 2);
            return block;
          });
          await expect(read(join(changed))).rejects.toThrow();
        },
      ),
    );
  });

  it("does not open for another session, target or key", async () => {
    const blocks = await lane(["one"]);
    const elsewhere = { session: "01OTHER", target: "clinic" };
    expect(() => openBlock(key, blocks[0]!, elsewhere)).toThrow();
    expect(() => openBlock(key, blocks[0]!, { ...WHERE, target: "other" })).toThrow();
    expect(() => openBlock(randomBytes(32), blocks[0]!, WHERE)).toThrow();
    const spliced = [(await lane(["one"], { ...place, session: "01OTHER" }))[0]!, blocks[1]!];
    await expect(read(join(spliced))).rejects.toThrow();
    expect(splitBlocks(join(spliced)).frames).toHaveLength(2);
  });

  it("ends once, and nothing follows", async () => {
    const blocks = await lane(["one"]);
    const more = sealBlock(key, { number: 3, last: false, key: hash }, place, await compress(Buffer.alloc(0), 1));
    expect(followSealed(join([...blocks, more]), SEALED_START)).toBe("blocks follow the last one");
  });
});
