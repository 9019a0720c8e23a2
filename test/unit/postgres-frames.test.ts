import { describe, expect, it } from "vitest";
import { BAD, FrameReader, NEED_MORE, OVERSIZE, PIECE, WHOLE } from "#proxy/protocols/postgres/frames.ts";
import { backendBounds, FRONTEND, frontendBounds } from "#proxy/protocols/postgres/kinds.ts";
import { frontend } from "#test/support/fake-machine.ts";

const STREAM = Buffer.concat([
  frontend.query("select 1"),
  frontend.sync,
  frontend.parse("s", "select $1"),
  frontend.copyData("x".repeat(50)),
  frontend.copyData(""),
  frontend.flush,
]);

/** What is found, pieces joined, whatever the chunks. */
function read(chunks: readonly Buffer[], streamed: readonly number[] = []): string[] {
  const reader = new FrameReader(frontendBounds(1000));
  for (const type of streamed) reader.streamed[type] = 1;
  const found: string[] = [];
  let open = "";
  for (const chunk of chunks) {
    reader.push(chunk);
    for (let kind = reader.next(); kind !== NEED_MORE; kind = reader.next()) {
      const bytes = reader.buffer.toString("latin1", reader.start, reader.end);
      if (kind === WHOLE) found.push(bytes);
      else if (kind === PIECE) {
        open = reader.first ? bytes : open + bytes;
        if (reader.left === 0) found.push(open);
      } else return [...found, kind === BAD ? "BAD" : "OVERSIZE"];
    }
    expect(reader.unread).toBe(false);
  }
  return found;
}

describe("FrameReader", () => {
  const whole = read([STREAM]);

  it("finds messages without copying them", () => {
    const reader = new FrameReader(frontendBounds(1000));
    reader.push(STREAM);
    expect(reader.next()).toBe(WHOLE);
    expect(reader.buffer).toBe(STREAM);
    expect(whole.map((m) => m[0]).join("")).toBe("QSPddH");
  });

  it("finds the same when the stream is cut at any two places", () => {
    for (let i = 1; i < STREAM.length; i++) {
      for (let j = i; j < STREAM.length; j += 7) {
        const chunks = [STREAM.subarray(0, i), STREAM.subarray(i, j), STREAM.subarray(j)];
        expect(read(chunks)).toEqual(whole);
        expect(read(chunks, [FRONTEND.copyData])).toEqual(whole);
      }
    }
  });

  it("finds the same byte by byte", () => {
    const bytes = Array.from(STREAM, (_, i) => STREAM.subarray(i, i + 1));
    expect(read(bytes)).toEqual(whole);
    expect(read(bytes, [FRONTEND.copyData])).toEqual(whole);
  });

  it.each([
    ["an unknown type", [0x7a, 0, 0, 0, 4]],
    ["a type of the other direction", [0x54, 0, 0, 0, 6, 0, 0]],
    ["a length below 4", [0x53, 0, 0, 0, 3]],
    ["a negative length", [0x51, 0xff, 0xff, 0xff, 0xff]],
    ["a short kind with a long length", [0x53, 0, 0, 0x27, 0x11]],
    ["more than a gigabyte", [0x51, 0x40, 0, 0, 0]],
  ])("does not go on after %s", (_, bytes) => {
    const stream = Buffer.from(bytes);
    expect(read([stream])).toEqual(["BAD"]);
    expect(read(Array.from(stream, (_byte, i) => stream.subarray(i, i + 1)))).toEqual(["BAD"]);
  });

  it("throws away what is too long to be held, and finds what follows", () => {
    const reader = new FrameReader(frontendBounds(100));
    const long = frontend.query("x".repeat(5000));
    const stream = Buffer.concat([long, frontend.sync]);
    reader.push(stream.subarray(0, 2000));
    expect(reader.next()).toBe(OVERSIZE);
    expect(reader.next()).toBe(NEED_MORE);
    reader.push(stream.subarray(2000));
    expect(reader.next()).toBe(WHOLE);
    expect(reader.type).toBe(FRONTEND.sync);
  });

  it("does not take memory for what a header merely promises", () => {
    const reader = new FrameReader(backendBounds());
    const before = process.memoryUsage().arrayBuffers;
    reader.push(Buffer.from([0x44, 0x03, 0, 0, 0]));
    expect(reader.next()).toBe(NEED_MORE);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(1024 * 1024);
  });
});
