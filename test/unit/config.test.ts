import { describe, expect, test, vi } from "vitest";
import { ConfigRefused, parseConfig, readConfig } from "#proxy/config.ts";

const LEAST = {
  policy: "policy",
  state: ".",
  tls: { cert: "keys/tls.pem", key: "keys/tls.key" },
  issuers: [
    { issuer: "https://id.example/", audience: "postern", jwksUri: "https://id.example/jwks", caFile: "ca.pem" },
  ],
};
const parse = (config: object, overrides = {}) => parseConfig("/home/proxy.json", JSON.stringify(config), overrides);
const problems = (config: object, overrides = {}) => {
  try {
    parse(config, overrides);
  } catch (error) {
    if (error instanceof ConfigRefused) return error.problems;
    throw error;
  }
  throw new Error("it was taken");
};

describe("configuration", () => {
  test("what is left out is filled in, and paths start at the file", () => {
    expect(parse(LEAST)).toMatchObject({
      listen: { host: "127.0.0.1", port: 6432 },
      admin: { host: "127.0.0.1", port: 6434 },
      policy: "/home/policy",
      state: "/home",
      tls: { cert: "/home/keys/tls.pem", key: "/home/keys/tls.key" },
      allowPlaintextLoopback: false,
      authentication: "password",
      issuers: [{ caFile: "/home/ca.pem", claims: { name: "preferred_username", agent: "act.sub" } }],
      oauth: { configuration: "https://id.example/.well-known/openid-configuration", scope: "openid" },
    });
  });

  test("the environment may hold the text itself; paths then start at the working directory", () => {
    vi.stubEnv("POSTERN_CONFIG", JSON.stringify(LEAST));
    try {
      expect(readConfig()).toMatchObject({ policy: `${process.cwd()}/policy`, state: process.cwd() });
      vi.stubEnv("POSTERN_CONFIG", '{ "secret": ');
      // The parser's own words would quote the text.
      expect(() => readConfig()).toThrow(/^POSTERN_CONFIG: is not a JSON object$/);
    } finally {
      vi.unstubAllEnvs();
    }
  });

  test("witnesses are named by a file, where the gateway writes the ledger", () => {
    expect(parse({ ...LEAST, witnesses: "witnesses.txt" }).witnesses).toBe("/home/witnesses.txt");
    expect(parse(LEAST).witnesses).toBeUndefined();
  });

  test("Comprehend Medical is asked nothing unless it says so", () => {
    expect(parse(LEAST).comprehendMedical).toBeUndefined();
    const targets = ["clinic"];
    expect(parse({ ...LEAST, comprehendMedical: { targets } }).comprehendMedical).toEqual({
      targets,
      timeoutSeconds: 15,
    });
    const wrong = { targets: [], timeoutSeconds: 301, url: "x" };
    expect(problems({ ...LEAST, comprehendMedical: wrong })).toHaveLength(3);
  });

  test("addresses can be given by the environment", () => {
    expect(parse(LEAST, { listen: "[::1]:0", admin: "localhost:9" })).toMatchObject({
      listen: { host: "::1", port: 0 },
      admin: { host: "localhost", port: 9 },
    });
    const among = { listen: { host: "10.0.0.1", port: 7 }, shared: "shared" };
    const { fleet } = parse({ ...LEAST, fleet: among }, { fleet: "127.0.0.1:0" });
    expect(fleet?.listen).toEqual({ host: "127.0.0.1", port: 0 });
    expect(parse(LEAST, { fleet: "127.0.0.1:0" }).fleet).toBeUndefined();
    expect(problems(LEAST, { listen: "nonsense" })).toEqual(['POSTERN_LISTEN: "nonsense" is not host:port']);
  });

  test("the AWS home is a section of its own, and the certificate may be a secret", () => {
    const aws = {
      bucket: "evidence",
      tables: { journal: "j", revocations: "r", sealedKeys: "k" },
      keys: { sealed: "arn:key" },
      secrets: { pseudonyms: "arn:p", subjects: "arn:s" },
      approvals: { table: "a", requestFunction: "f" },
    };
    const targets = { clinic: { credential: { type: "secret", id: "arn:c" } }, other: { credential: "file" } };
    const { aws: read, tls, targets: placed } = parse({ ...LEAST, aws, targets, tls: { secret: "arn:tls" } });
    expect(read).toEqual({ ...aws, retentionDays: 2192 });
    expect(tls).toEqual({ secret: "arn:tls" });
    expect(placed.clinic?.credential).toEqual({ type: "secret", id: "arn:c", field: "password" });
    expect(parse(LEAST).aws).toBeUndefined();
    expect(problems({ ...LEAST, aws: { ...aws, bucket: "", extra: 1 } })).toHaveLength(2);
    const cosigned = problems({ ...LEAST, aws, witnesses: "witnesses.txt" });
    expect(cosigned).toEqual([expect.stringContaining("which it does not on AWS")]);
  });

  test("other gateways are found in a folder at home, in a table on AWS", () => {
    const here = parse({ ...LEAST, fleet: { shared: "shared" } }).fleet;
    expect(here).toEqual({ listen: { host: "127.0.0.1", port: 6436 }, shared: "/home/shared" });
    expect(parse(LEAST).fleet).toBeUndefined();
    const wrong = [expect.stringContaining("fleet: takes `table` and `secret` with `aws`, and `shared` without it")];
    expect(problems({ ...LEAST, fleet: { table: "t", secret: "arn:f" } })).toEqual(wrong);
    expect(problems({ ...LEAST, fleet: { shared: "shared", table: "t" } }).length).toBeGreaterThan(0);
  });

  test("every problem is named with its place", () => {
    const found = problems({
      ...LEAST,
      listen: { port: 65_536 },
      tls: { cert: "x" },
      limits: { sessions: 0 },
      extra: true,
      issuers: [{ ...LEAST.issuers[0], jwksUri: "http://id.example/jwks" }, LEAST.issuers[0]],
    });
    for (const place of ["listen.port", "tls.key", "limits.sessions", "extra", "issuers.0.jwksUri"])
      expect(found.filter((line) => line.startsWith("/home/proxy.json: ") && line.includes(place))).toHaveLength(1);
  });

  test.each([
    ["nobody who issues tokens", { issuers: [] }, "issuers"],
    ["an issuer twice", { issuers: [LEAST.issuers[0], LEAST.issuers[0]] }, "listed twice"],
    ["no word on TLS", { tls: undefined }, "tls"],
  ])("%s", (_, change, words) => {
    expect(problems({ ...LEAST, ...change }).join()).toContain(words);
  });

  test.each(["", "[]", "5", "{", '"x"'])("no object: %s", (text) => {
    expect(() => parseConfig("proxy.json", text)).toThrow("proxy.json: is not a JSON object");
  });
});
