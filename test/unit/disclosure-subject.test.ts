// A subject is the same whatever the table, the type, the format and the message that its key came in; and another for everybody else.
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyReader, keysMeant, subjectHasher } from "#shared/disclosure/subject.ts";

const hmac = (message: Uint8Array): Uint8Array => createHmac("sha256", "key").update(message).digest();
const read = (family: string, type: number, binary: boolean, bytes: Buffer) =>
  keyReader(family, type, binary)?.(Buffer.concat([Buffer.from("xx"), bytes, Buffer.from("yy")]), 2, 2 + bytes.length);

const binary = (bytes: number, value: bigint): Buffer => {
  const buffer = Buffer.alloc(8);
  buffer.writeBigInt64BE(value);
  return buffer.subarray(8 - bytes);
};

describe("the canonical text of a key", () => {
  test.each([
    ["int2", 21, 2],
    ["int4", 23, 4],
    ["int8", 20, 8],
  ])("of %s is its decimal, in text and in binary", (family, type, bytes) => {
    const most = 2n ** BigInt(bytes * 8 - 1);
    fc.assert(
      fc.property(fc.bigInt({ min: -most, max: most - 1n }), (value) => {
        expect(read(family, type, true, binary(bytes, value))).toBe(String(value));
        expect(read(family, type, false, Buffer.from(String(value)))).toBe(String(value));
      }),
    );
  });

  test("of a UUID is as the server writes it", () => {
    fc.assert(
      fc.property(fc.uuid(), (uuid) => {
        expect(read("uuid", 2950, true, Buffer.from(uuid.replaceAll("-", ""), "hex"))).toBe(uuid);
        expect(read("uuid", 2950, false, Buffer.from(uuid))).toBe(uuid);
      }),
    );
  });

  test("of a text is its bytes, but for the blanks that fill char(n)", () => {
    expect(read("text", 25, true, Buffer.from("é "))).toBe("\u00c3\u00a9 ");
    expect(read("text", 1042, false, Buffer.from("A7   "))).toBe("A7");
  });

  test("there is none of what can be written in several ways, or is not whole", () => {
    for (const family of ["numeric", "date", "timestamptz", "float8", "json", "other", "array"])
      expect(keyReader(family, 0, false)).toBeNull();
    expect(read("int4", 23, true, Buffer.alloc(3))).toBeNull();
    expect(read("uuid", 2950, true, Buffer.alloc(15))).toBeNull();
  });
});

test("whoever writes a key may write it in their own way", () => {
  expect(keysMeant("007")).toEqual(["007", "7"]);
  expect(keysMeant("-0")).toEqual(["-0", "0"]);
  expect(keysMeant("+12")).toEqual(["+12", "12"]);
  expect(keysMeant("{A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11}")).toContain("a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11");
  expect(keysMeant("é")).toEqual(["\u00c3\u00a9"]);
  fc.assert(
    fc.property(fc.string(), (key) => {
      expect(Buffer.from(keysMeant(key)[0]!, "latin1").toString()).toBe(Buffer.from(key).toString());
    }),
  );
});

test("a subject is half of an HMAC that keeps targets and domains apart", () => {
  const whole = createHmac("sha256", "key").update("postern subject\0clinic\0person\x007").digest("hex");
  const hash = subjectHasher(hmac, "clinic")("person", "7");
  expect(hash).toBe(whole.slice(0, 32));
  const others = [
    subjectHasher(hmac, "clinic")("person", "8"),
    subjectHasher(hmac, "clinics")("person", "7"),
    subjectHasher(hmac, "clinic")("staff", "7"),
  ];
  expect(new Set([hash, ...others]).size).toBe(4);
});
