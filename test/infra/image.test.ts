// What goes into the gateway's image, without Docker: bundles that run by themselves, a base that is pinned, a bill of materials that has all of it.
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { STATE } from "../../infra/constructs/gateway-task.ts";
import { bundleProxy } from "../../infra/constructs/proxy-bundle.ts";

const { folder, packages } = bundleProxy("policy");
const app = join(folder, "app");
afterAll(() => rmSync(folder, { recursive: true }));

describe("the image", () => {
  const lines = readFileSync(join(folder, "Dockerfile"), "utf8")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"));

  test("has one base, by digest, and a user that is nobody", () => {
    const bases = lines.filter((line) => line.startsWith("FROM "));
    expect(bases).toEqual([expect.stringMatching(/^FROM \S+@sha256:[0-9a-f]{64}$/)]);
    expect(bases[0]).not.toMatch(/([0-9a-f])\1{20}/);
    expect(lines).toContain("USER 65532:65532");
    expect(lines.filter((line) => line.startsWith("RUN "))).toEqual([]);
  });

  test("names a volume, its user's or everybody's, where the task mounts one: Fargate makes others root's", () => {
    expect(lines).toContain(`VOLUME ["${STATE}", "/tmp"]`);
    expect(lines.indexOf(`COPY --chown=65532:65532 state/ ${STATE}/`)).toBeGreaterThan(-1);
    expect(lines.indexOf(`COPY --chown=65532:65532 state/ ${STATE}/`)).toBeLessThan(
      lines.findIndex((line) => line.startsWith("VOLUME")),
    );
    expect(readdirSync(join(folder, "state"))).toEqual([]);
  });

  test("holds the policy bundle and the parsers, and no package", () => {
    for (const file of [
      "main.js",
      "analysis-worker.js",
      "cedar_wasm_bg.wasm",
      "libpg-query.wasm",
      "policy/access.cedar",
    ])
      expect(existsSync(join(app, file)), file).toBe(true);
    expect(existsSync(join(app, "node_modules"))).toBe(false);
  });

  test("refuses a configuration that it cannot use with one line per problem, and never listens", () => {
    const env = { ...environment(), POSTERN_CONFIG: '{"policy": "policy", "colour": "blue"}' };
    const { status, stdout, stderr } = spawnSync(process.execPath, ["main.js"], { cwd: app, env, encoding: "utf8" });
    expect(status).toBe(1);
    expect(stdout).toBe("");
    expect(stderr.trim().split("\n").length).toBeGreaterThan(2);
    expect(stderr).toMatch(/^postern: POSTERN_CONFIG: .*colour/m);
  });

  test("has an analysis process that loads PostgreSQL's parser by itself", async () => {
    const child = spawn(process.execPath, ["analysis-worker.js"], {
      cwd: app,
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    try {
      const [message] = await once(child, "message", { signal: AbortSignal.timeout(20_000) });
      expect(message).toMatchObject({ type: "ready" });
    } finally {
      child.kill("SIGKILL");
    }
  });
});

test("the bill of materials has every package that is in the bundles", () => {
  // All of it: with --omit=dev npm leaves out packages that development needs too. What is for development alone is marked so.
  const args = ["sbom", "--sbom-format=cyclonedx"];
  const text = execFileSync("npm", args, { cwd: ROOT, encoding: "utf8", maxBuffer: 64 << 20 });
  const { bomFormat, components } = JSON.parse(text) as {
    bomFormat: string;
    components: { name: string; group?: string; properties: { name: string; value: string }[] }[];
  };
  expect(bomFormat).toBe("CycloneDX");
  const isForDevelopment = ({ properties }: (typeof components)[number]) =>
    properties.some(({ name }) => name === "cdx:npm:package:development");
  const product = components.filter((one) => !isForDevelopment(one));
  expect(product.length).toBeLessThan(components.length);
  const names = new Set(product.map(({ group, name }) => (group === undefined ? name : `${group}/${name}`)));
  expect(packages.length).toBeGreaterThan(5);
  expect(packages.filter((name) => !names.has(name))).toEqual([]);
});
