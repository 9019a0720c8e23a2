// A Permit cannot be forged: not in the type system (files that must not compile), not at run time.
import { execFile } from "node:child_process";
import { readdirSync, writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { mintPermit, Permit } from "#proxy/gate/permit.ts";
import { ROOT, TSC } from "#test/support/project.ts";

const FOLDER = "test/architecture/not-compile";
/** File, and the one complaint that it must draw: another error would mean that it fails for the wrong reason. */
const FORGERIES: readonly (readonly [file: string, error: RegExp])[] = [
  ["permit-from-literal.ts", /error TS2741: Property '#bytes' is missing/],
  ["permit-from-lookalike.ts", /error TS2322: .*not assignable to type 'Permit'/],
  ["permit-from-clone.ts", /error TS2741: Property '#bytes' is missing/],
  ["permit-from-constructor.ts", /error TS2345: .*'unique symbol'|error TS2345: .*'typeof mint'/],
  ["permit-from-type.ts", /error TS1361: 'Permit' cannot be used as a value/],
];

let folder = "";
let output = "";
let sharedOutput = "";

/** Type checks some files with a project's settings. */
async function compile(name: string, base: string, files: readonly string[]): Promise<string> {
  const config = join(folder, `${name}.json`);
  const options = {
    extends: join(ROOT, base),
    files: files.map((f) => join(ROOT, FOLDER, f)),
    include: [],
    exclude: [],
  };
  const typeRoots = [join(ROOT, "node_modules/@types")];
  writeFileSync(config, JSON.stringify({ ...options, compilerOptions: { typeRoots } }));
  const args = [TSC, "-p", config, "--pretty", "false"];
  return new Promise((resolve) => execFile(process.execPath, args, { cwd: ROOT }, (_, out) => resolve(out)));
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "postern-compile-"));
  output = await compile("all", "tsconfig.json", [...FORGERIES.map(([file]) => file), "control.ts"]);
  sharedOutput = await compile("shared", "shared/tsconfig.json", ["shared-with-node-types.ts"]);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

describe("a permit", () => {
  test.for(FORGERIES)("%s does not compile", ([file, error]) => {
    const complaints = output.split("\n").filter((line) => line.includes(file));
    expect(complaints).toHaveLength(1);
    expect(complaints[0]).toMatch(error);
  });

  test("that is only spent compiles, and every file that must not compile is looked at", () => {
    expect(output).not.toContain("control.ts");
    const looked = [...FORGERIES.map(([file]) => file), "control.ts", "shared-with-node-types.ts"].sort();
    expect(readdirSync(join(ROOT, FOLDER)).sort()).toEqual(looked);
  });

  test("is not made by its constructor without the gate's own key, whatever the type system was told", () => {
    const forge = Permit as unknown as new (key: symbol, bytes: Uint8Array) => Permit;
    expect(() => new forge(Symbol("mint"), new Uint8Array(1))).toThrow(TypeError);
    const lookalike = Object.create(Permit.prototype) as Permit;
    expect(() => lookalike.spend()).toThrow(TypeError);
  });

  test("hands its bytes out once", () => {
    const permit = mintPermit(new Uint8Array([1, 2]));
    expect(permit.spend()).toEqual(new Uint8Array([1, 2]));
    expect(() => permit.spend()).toThrow("already spent");
  });
});

test("shared does not compile with what Node adds", () => {
  expect(sharedOutput).toMatch(/shared-with-node-types\.ts.*error TS2591: Cannot find name 'Buffer'/);
});
