import { createHash, createHmac, pbkdf2Sync, X509Certificate } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { ScramError, startScram } from "#proxy/protocols/postgres/scram.ts";
import { testCertificates } from "#test/support/login-ground.ts";

let certificate: X509Certificate;

beforeAll(async () => {
  certificate = new X509Certificate((await testCertificates()).cert);
});

/** The server's side, from RFC 5802 section 3: what it answers, and whether the proof holds. */
function serverSide(password: string, first: string, nonce: string, rounds = 4096) {
  const salt = Buffer.from("a salt of our own");
  const serverFirst = `r=${nonce},s=${salt.toString("base64")},i=${rounds}`;
  const hmac = (key: Buffer, text: string) => createHmac("sha256", key).update(text).digest();
  const salted = pbkdf2Sync(password, salt, rounds, 32, "sha256");
  return {
    serverFirst,
    check(final: string) {
      const [unproven = "", proof = ""] = final.split(",p=");
      const auth = `${first.slice(first.indexOf("n=,"))},${serverFirst},${unproven}`;
      const stored = createHash("sha256").update(hmac(salted, "Client Key")).digest();
      const signature = hmac(stored, auth);
      const key = Buffer.from(Buffer.from(proof, "base64").map((b, i) => b ^ (signature[i] as number)));
      return {
        holds: createHash("sha256").update(key).digest().equals(stored),
        binding: Buffer.from(/c=([^,]*)/.exec(unproven)?.[1] ?? "", "base64"),
        final: `v=${hmac(hmac(salted, "Server Key"), auth).toString("base64")}`,
      };
    },
  };
}

describe("SCRAM", () => {
  test.each([
    ["plain", "secret", "secret"],
    ["not ASCII", "pä\u00adss\u00a0word", "päss word"],
    ["compatibility characters", "\u2168\ufb01", "IXfi"],
  ])("both sides prove that they know the password: %s", async (_, password, prepared) => {
    const exchange = startScram(["SCRAM-SHA-256"], password, null, "nonce");
    expect([exchange.mechanism, exchange.first]).toEqual(["SCRAM-SHA-256", "n,,n=,r=nonce"]);
    const server = serverSide(prepared, exchange.first, "nonceXYZ");
    const { holds, binding, final } = server.check(await exchange.answer(server.serverFirst));
    expect([holds, binding.toString()]).toEqual([true, "n,,"]);
    exchange.verify(final);
    expect(() => exchange.verify(final.slice(0, -2))).toThrow(ScramError);
    expect(() => exchange.verify("e=other-error")).toThrow(ScramError);
  });

  test("is bound to the certificate when the server offers it", async () => {
    const exchange = startScram(["SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"], "secret", certificate, "nonce");
    expect(exchange.mechanism).toBe("SCRAM-SHA-256-PLUS");
    const server = serverSide("secret", exchange.first, "nonce1");
    const { holds, binding } = server.check(await exchange.answer(server.serverFirst));
    const digest = createHash("sha256").update(certificate.raw).digest();
    expect([holds, binding]).toEqual([true, Buffer.concat([Buffer.from("p=tls-server-end-point,,"), digest])]);
  });

  test("says that it could have been bound when the server does not offer it", () => {
    expect(startScram(["SCRAM-SHA-256"], "secret", certificate, "nonce").first).toMatch(/^y,,/);
  });

  test("a proof of before anything was answered is none", () => {
    const exchange = startScram(["SCRAM-SHA-256"], "secret", null, "nonce");
    expect(() => exchange.verify("v=AAAA")).toThrow(ScramError);
  });

  test.each([
    ["no mechanism", ["OTHER"], ""],
    ["PLUS alone, without TLS", ["SCRAM-SHA-256-PLUS"], ""],
  ])("%s", (_, offered) => {
    expect(() => startScram(offered, "secret", null, "nonce")).toThrow(ScramError);
  });

  test.each([
    "r=nonce,s=c2FsdA==,i=4096",
    "r=other1,s=c2FsdA==,i=4096",
    "r=nonce1,s=c2FsdA==,i=4095",
    "r=nonce1,s=c2FsdA==,i=1000001",
    "r=nonce1,s=,i=4096",
    "r=nonce1,s=c2FsdA==,i=4096,x=y",
    "m=ext,r=nonce1,s=c2FsdA==,i=4096",
    "",
  ])("an answer of the server that is not sound: %j", async (answer) => {
    const exchange = startScram(["SCRAM-SHA-256"], "secret", null, "nonce");
    await expect(exchange.answer(answer)).rejects.toThrow(ScramError);
  });
});
