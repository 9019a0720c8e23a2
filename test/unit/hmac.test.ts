import { createHmac } from "node:crypto";
import fc from "fast-check";
import { expect, it } from "vitest";
import { hmacSha256 } from "#proxy/hmac.ts";

const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 200 }),
  fc.uint8Array({ minLength: 30, maxLength: 70 }),
  fc.uint8Array({ minLength: 400, maxLength: 5000 }),
);

it("is what Node's own HMAC is, with keys and messages of any length, one after the other", () => {
  fc.assert(
    fc.property(bytes, fc.array(bytes, { minLength: 1, maxLength: 8 }), (key, messages) => {
      const hmac = hmacSha256(key);
      const found = messages.map((message) => Buffer.from(hmac(message)).toString("hex"));
      expect(found).toEqual(messages.map((message) => createHmac("sha256", key).update(message).digest("hex")));
    }),
  );
});

it("gives results that later ones do not change", () => {
  const hmac = hmacSha256(Buffer.from("key"));
  const first = hmac(Buffer.from("a"));
  const kept = first.slice();
  hmac(Buffer.from("b"));
  expect(first).toEqual(kept);
});
