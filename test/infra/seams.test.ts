// What the stacks say, the code takes: the gateway's configuration and the functions' settings are given as they are deployed.
import { afterEach, expect, test, vi } from "vitest";
import { claimMapping } from "#functions/settings.ts";
import { parseConfig } from "#proxy/config.ts";
import { SAMPLES, templates } from "#test/support/deployment.ts";
import { environmentOf } from "#test/support/task.ts";

test.each(SAMPLES)("the gateway takes the configuration of %s", (name) => {
  const text = environmentOf(templates(name).proxy).POSTERN_CONFIG as string;
  const config = parseConfig("POSTERN_CONFIG", text);
  expect(config).toMatchObject({
    listen: { host: "0.0.0.0", port: 6432 },
    policy: "/app/policy",
    state: "/var/lib/postern",
  });
});

afterEach(() => vi.unstubAllEnvs());

test.each(SAMPLES)(
  "functions of %s know people by the claims that the gateway knows them by",
  { timeout: 120_000 },
  (name) => {
    const { proxy, control } = templates(name);
    const { issuers } = parseConfig("POSTERN_CONFIG", environmentOf(proxy).POSTERN_CONFIG as string);
    const told = Object.values(control.findResources("AWS::Lambda::Function"))
      .map(({ Properties }) => Properties.Environment?.Variables ?? {})
      .filter((variables) => "POSTERN_JWKS" in variables);
    expect(told).toHaveLength(2);
    for (const { POSTERN_CLAIMS } of told) {
      vi.stubEnv("POSTERN_CLAIMS", POSTERN_CLAIMS);
      expect(claimMapping()).toEqual(issuers[0]?.claims);
    }
  },
);
