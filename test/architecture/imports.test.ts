// Every import rule, broken on purpose: a copy of the project's skeleton with one planted violation, judged by the project's own
// configuration. A rule that no longer bites, or a tool that no longer sees the files, fails here.
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { projectFiles, ROOT } from "#test/support/project.ts";

const PARTS = ["shared", "fargate-proxy", "functions", "cli", "infra", "test"];
const TOOL = "node_modules/dependency-cruiser/bin/dependency-cruiser.mjs";

interface Report {
  readonly summary: {
    readonly violations: readonly { readonly rule: { readonly name: string }; readonly from: string }[];
    readonly totalCruised: number;
  };
  readonly modules: readonly { readonly source: string }[];
}

function cruise(root: string): Report {
  const args = [TOOL, "-T", "json", ...PARTS];
  return JSON.parse(execFileSync(process.execPath, args, { cwd: root, encoding: "utf8", maxBuffer: 64 << 20 }));
}

const made: string[] = [];
afterAll(() => {
  for (const root of made) rmSync(root, { recursive: true, force: true });
});

/** The smallest project in which every legal edge exists, plus `files`. */
function plant(files: Readonly<Record<string, string>>): string {
  const root = mkdtempSync(join(tmpdir(), "postern-architecture-"));
  made.push(root);
  for (const name of ["package.json", "tsconfig.json", ".dependency-cruiser.mjs"])
    cpSync(join(ROOT, name), join(root, name));
  symlinkSync(join(ROOT, "node_modules"), join(root, "node_modules"));
  for (const [path, text] of Object.entries({ ...SKELETON, ...files })) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const SKELETON: Readonly<Record<string, string>> = {
  "shared/src/words.ts": "export const word = 1;\n",
  "fargate-proxy/src/config.ts": "export const config = 1;\n",
  "fargate-proxy/src/gate/permit.ts": "export class Permit {}\nexport function mintPermit() { return new Permit(); }\n",
  "fargate-proxy/src/gate/session.ts":
    'import { mintPermit } from "./permit.ts";\nexport const session = mintPermit();\n',
  "fargate-proxy/src/protocol.ts": 'import type { Permit } from "./gate/permit.ts";\nexport type P = Permit;\n',
  "fargate-proxy/src/ports/clock.ts": "export interface Clock { now(): number }\n",
  "fargate-proxy/src/adapters/socket.ts": 'import net from "node:net";\nexport const socket = net;\n',
  "fargate-proxy/src/adapters/decisions.ts":
    'import { handler } from "#functions/decide/handler.ts";\nexport const decide = handler;\n',
  "fargate-proxy/src/protocols/postgres/serve.ts": 'import tls from "node:tls";\nexport const serve = tls;\n',
  "fargate-proxy/src/protocols/mysql/frames.ts": "export const frames = 1;\n",
  "functions/src/middleware.ts": "export const wrap = 1;\n",
  "functions/src/decide/handler.ts": 'import { wrap } from "../middleware.ts";\nexport const handler = wrap;\n',
  "functions/src/notify/handler.ts": 'import { word } from "#shared/words.ts";\nexport const handler = word;\n',
  "cli/src/main.ts": 'import type { Clock } from "#proxy/ports/clock.ts";\nexport type C = Clock;\n',
  "infra/bin/app.ts": "export const app = 1;\n",
  "test/support/settings.ts": "export const settings = 1;\n",
};

/** Rule, where the violation is planted, and the line that breaks it. Rules with several sides are broken on each. */
const VIOLATIONS: readonly (readonly [rule: string, path: string, line: string])[] = [
  ["shared-imports-nothing-of-ours", "shared/src/a1.ts", 'export { config } from "#proxy/config.ts";'],
  ["shared-imports-nothing-of-ours", "shared/src/a2.ts", 'import type { C } from "#cli/main.ts"; export type D = C;'],
  ["shared-is-pure", "shared/src/a3.ts", 'export { createHash } from "node:crypto";'],
  ["shared-is-pure", "shared/src/a4.ts", 'import type { Socket } from "node:net"; export type S = Socket;'],
  ["shared-is-pure", "shared/src/a5.ts", 'export const load = () => import("node:fs");'],
  ["no-cycles", "fargate-proxy/src/a6.ts", 'import { b } from "./b.ts"; export const a = () => b;'],
  ["protocols-are-alone", "fargate-proxy/src/protocols/postgres/a7.ts", 'export { frames } from "../mysql/frames.ts";'],
  ["aws-sdk-at-the-rim", "fargate-proxy/src/gate/a8.ts", 'export { S3Client } from "@aws-sdk/client-s3";'],
  ["aws-sdk-at-the-rim", "functions/src/decide/sdk.ts", 'export { S3Client } from "@aws-sdk/client-s3";'],
  ["aws-sdk-at-the-rim", "cli/src/a9.ts", 'export { S3Client } from "@aws-sdk/client-s3";'],
  ["sockets-at-the-rim", "fargate-proxy/src/protocols/postgres/machine.ts", 'export { connect } from "node:net";'],
  ["sockets-at-the-rim", "fargate-proxy/src/gate/a10.ts", 'export { connect } from "tls";'],
  ["sockets-at-the-rim", "functions/src/decide/rules.ts", 'export { request } from "node:https";'],
  [
    "only-the-gate-mints-permits",
    "fargate-proxy/src/protocols/postgres/a11.ts",
    'export { mintPermit } from "#proxy/gate/permit.ts";',
  ],
  ["only-the-gate-mints-permits", "fargate-proxy/src/gate/a12.ts", 'export * from "./permit.ts";'],
  [
    "only-the-gate-mints-permits",
    "fargate-proxy/src/adapters/a13.ts",
    'export const load = () => import("#proxy/gate/permit.ts");',
  ],
  ["the-core-knows-no-adapter", "fargate-proxy/src/gate/a14.ts", 'export { socket } from "../adapters/socket.ts";'],
  ["the-core-knows-no-adapter", "fargate-proxy/src/ports/a15.ts", 'export { config } from "../config.ts";'],
  ["functions-are-alone", "functions/src/decide/a16.ts", 'export { handler } from "../notify/handler.ts";'],
  ["functions-are-alone", "functions/src/decide/a17.ts", 'export { config } from "#proxy/config.ts";'],
  [
    "proxy-imports-shared-and-itself",
    "fargate-proxy/src/gate/a18.ts",
    'export { handler } from "#functions/decide/handler.ts";',
  ],
  [
    "adapters-reach-no-further-than-functions",
    "fargate-proxy/src/adapters/a19.ts",
    'export { app } from "../../../infra/bin/app.ts";',
  ],
  ["infra-names-code-by-path", "infra/bin/a20.ts", 'export { config } from "#proxy/config.ts";'],
  ["cli-uses-ports-and-adapters", "cli/src/a21.ts", 'export { session } from "#proxy/gate/session.ts";'],
  ["cli-uses-ports-and-adapters", "cli/src/a22.ts", 'export { handler } from "#functions/decide/handler.ts";'],
  ["no-development-dependency-in-the-product", "fargate-proxy/src/a23.ts", 'export { default as pg } from "pg";'],
  ["everything-resolves", "fargate-proxy/src/a24.ts", 'export { nothing } from "#shared/nowhere.ts";'],
];

/** The other half of the cycle. */
const CYCLE = 'import { a } from "./a6.ts";\nexport const b = () => a;\n';

const all = Object.fromEntries(VIOLATIONS.map(([, path, line]) => [path, `${line}\n`]));
const broken = cruise(plant({ ...all, "fargate-proxy/src/b.ts": CYCLE }));

describe("import rules", () => {
  test("the tool sees every source file of the project, and the skeleton breaks nothing", () => {
    const seen = new Set(cruise(ROOT).modules.map((m) => m.source));
    const sources = projectFiles([".ts"]).filter((p) => PARTS.includes(p.split("/")[0] ?? "") && !p.endsWith(".d.ts"));
    expect(sources.length).toBeGreaterThan(20);
    expect(sources.filter((path) => !seen.has(path))).toEqual([]);
    const skeleton = cruise(plant({}));
    expect(skeleton.summary.violations).toEqual([]);
    expect(skeleton.summary.totalCruised).toBeGreaterThanOrEqual(Object.keys(SKELETON).length);
  });

  test("every rule of the configuration is broken below", async () => {
    const { default: config } = await import(join(ROOT, ".dependency-cruiser.mjs"));
    const rules = config.forbidden.map((rule: { name: string }) => rule.name).sort();
    expect([...new Set(VIOLATIONS.map(([rule]) => rule))].sort()).toEqual(rules);
  });

  test.for(VIOLATIONS)("%s is caught in %s: %s", ([rule, path]) => {
    const caught = broken.summary.violations.map((v) => `${v.rule.name} ${v.from}`);
    expect(caught).toContain(`${rule} ${path}`);
  });
});
