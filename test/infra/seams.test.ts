// What the stacks say, the code takes: the gateway's configuration and the functions' settings are given as they are deployed.
import { expect, test } from "vitest";
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
