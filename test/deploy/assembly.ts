// The deployment as `cdk synth` makes it, cut to what the stand-in for AWS can take: what is cut is said, and nothing else is changed.
import { execFile } from "node:child_process";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";

const run = promisify(execFile);

export interface TemplateResource {
  readonly Type: string;
  readonly Properties?: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
  DependsOn?: string | readonly string[];
}
interface TemplateFile {
  readonly Resources: Record<string, TemplateResource>;
}

export interface Assembly {
  readonly folder: string;
  /** By stack, then by logical name: as it was synthesized, before anything was cut. */
  readonly stacks: Readonly<Record<string, Readonly<Record<string, TemplateResource>>>>;
  /** Stack and type of what was cut, each once. */
  readonly cut: readonly string[];
}

/** What the stand-in's CloudFormation refuses a whole template for. */
const UNKNOWN: ReadonlySet<string> = new Set([
  "AWS::ApplicationAutoScaling::ScalableTarget",
  "AWS::ApplicationAutoScaling::ScalingPolicy",
  "AWS::Athena::NamedQuery",
  "AWS::EC2::FlowLog",
  "AWS::EC2::SecurityGroupEgress",
  "AWS::EC2::SecurityGroupIngress",
]);

/** Runs the CDK's own command line. @returns what it said. @throws with the end of what it said */
export async function cdk(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<string> {
  const options = {
    cwd: ROOT,
    env: { ...environment(), CDK_DISABLE_CLI_TELEMETRY: "true", ...env },
    maxBuffer: 64 * 1024 * 1024,
  };
  const file = join(ROOT, "node_modules/aws-cdk/bin/cdk");
  try {
    const { stdout, stderr } = await run(process.execPath, [file, "--no-notices", ...args], options);
    return stdout + stderr;
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    throw new Error(`cdk ${args[0]} failed: ${(stdout + stderr).trim().slice(-3000)}`, { cause: error });
  }
}

/** @param settings file of the deployment. @param folder that the assembly is put into */
export async function synthesize(settings: string, folder: string): Promise<Assembly> {
  await cdk(["synth", "--quiet", "--output", folder, "-c", `settings=${settings}`]);
  const cut = new Set<string>();
  const stacks: Record<string, Record<string, TemplateResource>> = {};
  for (const file of readdirSync(folder)) {
    const [stack = ""] = file.split(".");
    if (file.endsWith(".assets.json")) withoutImages(join(folder, file), () => cut.add(`${stack} image`));
    if (!file.endsWith(".template.json")) continue;
    const text = readFileSync(join(folder, file), "utf8");
    stacks[stack] = (JSON.parse(text) as TemplateFile).Resources;
    const template = JSON.parse(text) as TemplateFile;
    for (const type of without(template)) cut.add(`${stack} ${type}`);
    writeFileSync(join(folder, file), JSON.stringify(template));
  }
  return { folder, stacks, cut: [...cut].sort() };
}

/** Takes away what is not known, and that others wait for it. @returns the types that were */
function without({ Resources }: TemplateFile): readonly string[] {
  const gone = Object.keys(Resources).filter((id) => unknown(Resources[id]));
  const types = gone.map((id) => Resources[id]?.Type ?? "");
  for (const id of gone) delete Resources[id];
  for (const resource of Object.values(Resources)) {
    const after = [resource.DependsOn ?? []].flat().filter((id) => !gone.includes(id));
    if (resource.DependsOn !== undefined) resource.DependsOn = after;
  }
  return types;
}

/** Alarms over several metrics are not known either. */
function unknown(resource: TemplateResource | undefined): boolean {
  const { Type = "", Properties = {} } = resource ?? {};
  return UNKNOWN.has(Type) || (Type === "AWS::CloudWatch::Alarm" && Properties.Metrics !== undefined);
}

/** Nothing here builds an image: the container is run from the folder that it is built from. */
function withoutImages(file: string, onCut: () => void): void {
  const assets = JSON.parse(readFileSync(file, "utf8")) as { dockerImages?: Record<string, unknown> };
  if (Object.keys(assets.dockerImages ?? {}).length > 0) onCut();
  writeFileSync(file, JSON.stringify({ ...assets, dockerImages: {} }));
}
