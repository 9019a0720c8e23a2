// What goes into the proxy's image: two bundles, the parsers' WebAssembly, the policy bundle. Made by esbuild at synth; Docker is needed at deployment only.
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { ROOT } from "./function.ts";

const ENTRIES = ["fargate-proxy/src/main.ts", "fargate-proxy/src/adapters/analysis-worker.ts"];
const WASM = ["@cedar-policy/cedar-wasm/nodejs/cedar_wasm_bg.wasm", "libpg-query/wasm/libpg-query.wasm"];
/** For the libraries among it that are CommonJS. */
const COMMONJS = [
  'import { createRequire as ownRequire } from "node:module";',
  'import { fileURLToPath as ownPath } from "node:url";',
  "const require = ownRequire(import.meta.url);",
  'const __filename = ownPath(import.meta.url), __dirname = ownPath(new URL(".", import.meta.url));',
].join("\n");

export interface ProxyBundle {
  /** The build context of `fargate-proxy/Dockerfile`, with it in it. */
  readonly folder: string;
  /** Packages of npm that are in it. */
  readonly packages: readonly string[];
}

/**
 * @param policy folder of the policy bundle, from the repository's root
 * @param authorities PEM files by the name that they are to have, from the repository's root
 */
export function bundleProxy(policy: string, authorities: Readonly<Record<string, string>> = {}): ProxyBundle {
  const folder = mkdtempSync(join(tmpdir(), "postern-image-"));
  const app = join(folder, "app");
  const { metafile } = buildSync({
    absWorkingDir: ROOT,
    entryPoints: ENTRIES,
    entryNames: "[name]",
    outdir: app,
    bundle: true,
    platform: "node",
    target: "node24",
    format: "esm",
    mainFields: ["module", "main"],
    banner: { js: COMMONJS },
    minify: true,
    keepNames: true,
    legalComments: "linked",
    metafile: true,
    logLevel: "error",
  });
  for (const file of WASM) cpSync(join(ROOT, "node_modules", file), join(app, file.split("/").at(-1) as string));
  cpSync(join(ROOT, policy), join(app, "policy"), { recursive: true });
  mkdirSync(join(app, "ca"));
  for (const [name, file] of Object.entries(authorities)) cpSync(join(ROOT, file), join(app, "ca", name));
  // Empty: it is there for its owner.
  mkdirSync(join(folder, "state"));
  cpSync(join(ROOT, "fargate-proxy/Dockerfile"), join(folder, "Dockerfile"));
  writeFileSync(join(app, "package.json"), '{ "type": "module" }\n');
  return { folder, packages: packagesOf(Object.keys(metafile.inputs)) };
}

function packagesOf(inputs: readonly string[]): string[] {
  const found = inputs.flatMap((input) => {
    const [, name] =
      /^node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(input.slice(input.lastIndexOf("node_modules/"))) ?? [];
    return name === undefined ? [] : [name];
  });
  return [...new Set(found)].sort();
}
