// What the stand-in for AWS lacks of ECS and Fargate: a task is run as its deployed definition says, as the user that it names, in a root that it
// cannot write to, with the variables that Fargate gives it.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { freePort } from "#test/support/net.ts";
import { ACCOUNT, REGION } from "../aws/ministack.ts";
import type { Call } from "./call.ts";
import { makeRoot } from "./image.ts";

export interface Task {
  readonly arn: string;
  readonly id: string;
  /** Loopback port of its listener: the balancer would lead there. */
  readonly port: number;
  /** Revision of the definition that it was started from, and the very text that it was told. */
  readonly definition: string;
  readonly configuration: string;
  /** What the balancer asks: ready for sessions? */
  ready(): Promise<boolean>;
  /** The container's own health check, as its definition has it. */
  healthy(): Promise<boolean>;
  /** What it wrote to its log. */
  log(): string;
  /** SIGTERM, as ECS does. @returns its exit code, or the signal when it had to be killed */
  stop(): Promise<number | string>;
  kill(): Promise<void>;
}

interface Container {
  readonly image: string;
  readonly user: string;
  readonly readonlyRootFilesystem: boolean;
  readonly stopTimeout: number;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly mountPoints: readonly { readonly containerPath: string; readonly readOnly: boolean }[];
  readonly healthCheck: { readonly Command: readonly string[] };
}

export interface FargateOptions {
  readonly call: Call;
  /** Where `cdk synth` put what images are built from. */
  readonly assembly: string;
  readonly scratch: string;
  /** Variables that lead to the stand-ins. */
  readonly env: Readonly<Record<string, string>>;
  /** Names that the task can look up besides its own: all others are not there. */
  readonly hosts: Readonly<Record<string, string>>;
}

export interface Service {
  readonly cluster: string;
  readonly service: string;
  /** ARN, with its revision, of what tasks are started from now. */
  readonly definition: string;
  readonly container: Container;
  /** What the gateway is told. */
  readonly configuration: { readonly issuers: readonly { readonly jwksUri: string }[] };
}

/** Starts a task of the service as it is deployed now. @throws when it does not become ready */
export async function runTask(options: FargateOptions): Promise<Task> {
  const { cluster, definition, container } = await deployedService(options.call);
  if (!container.readonlyRootFilesystem) throw new Error("the container's root can be written to");
  const id = crypto.randomUUID().replaceAll("-", "");
  const arn = `arn:aws:ecs:${REGION}:${ACCOUNT}:task/${cluster.split("/").at(-1)}/${id}`;
  const root = join(options.scratch, id);
  const image = makeRoot(join(options.assembly, `asset.${container.image.split(":").at(-1)}`), root);
  const [uid, gid] = container.user.split(":").map(Number) as [number, number];
  for (const { containerPath } of container.mountPoints) mountVolume(root, containerPath, image.volumes);
  const hosts = Object.entries({ localhost: "127.0.0.1", ...options.hosts }).map(([name, at]) => `${at} ${name}\n`);
  writeFileSync(join(root, "etc/hosts"), hosts.join(""));
  const agent = await startAgent(arn);
  const [port, admin, fleet] = [await freePort(), await freePort(), await freePort()];
  const configured = Object.fromEntries(container.environment.map(({ name, value }) => [name, value]));
  const env: Record<string, string> = {
    HOME: "/home/nonroot",
    ...image.env,
    ...configured,
    AWS_REGION: REGION,
    AWS_CONTAINER_CREDENTIALS_FULL_URI: `${agent.url}/credentials`,
    ECS_CONTAINER_METADATA_URI_V4: `${agent.url}/v4`,
    // One machine has several of them: a container has its addresses to itself.
    POSTERN_LISTEN: `127.0.0.1:${port}`,
    POSTERN_ADMIN: `127.0.0.1:${admin}`,
    POSTERN_FLEET: `127.0.0.1:${fleet}`,
    ...options.env,
  };
  const start = (command: readonly string[]) =>
    spawn(
      "unshare",
      [`--root=${root}`, `--wd=${image.workdir}`, `--setgid=${gid}`, `--setuid=${uid}`, "--", ...command],
      {
        env,
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
  const child = start(image.command);
  process.once("exit", () => child.kill("SIGKILL"));
  let log = "";
  for (const stream of [child.stdout, child.stderr]) stream?.on("data", (chunk) => (log += chunk));
  const over = once(child, "exit").then(() => agent.close());
  const asked = () => fetch(`http://127.0.0.1:${admin}/readyz`);
  const ready = () =>
    asked().then(
      ({ ok }) => ok,
      () => false,
    );
  await becomes(ready, child, async () => `${await asked().then((it) => it.text(), String)}\n${log.slice(-2000)}`);
  const end = async (signal: "SIGTERM" | "SIGKILL") => {
    child.kill(signal);
    await over;
  };
  return {
    arn,
    id,
    port,
    definition,
    configuration: configured.POSTERN_CONFIG ?? "",
    ready,
    async healthy() {
      const [kind, ...command] = container.healthCheck.Command;
      if (kind !== "CMD") throw new Error("the image has no shell");
      const check = start(command.map((word) => word.replaceAll(":6434/", `:${admin}/`)));
      return (await once(check, "exit"))[0] === 0;
    },
    log: () => log,
    async stop() {
      const late = setTimeout(() => child.kill("SIGKILL"), container.stopTimeout * 1000);
      await end("SIGTERM");
      clearTimeout(late);
      return child.exitCode ?? child.signalCode ?? "";
    },
    kill: () => end("SIGKILL"),
  };
}

/** The one service that is deployed, as the stand-in's ECS has it. */
export async function deployedService(call: Call): Promise<Service> {
  const ecs = <T>(action: string, input: object) =>
    call<T>("ecs", `AmazonEC2ContainerServiceV20141113.${action}`, input);
  const [cluster = ""] = (await ecs<{ clusterArns: string[] }>("ListClusters", {})).clusterArns;
  const [service = ""] = (await ecs<{ serviceArns: string[] }>("ListServices", { cluster })).serviceArns;
  const described = { cluster, services: [service] };
  const { services } = await ecs<{ services: { taskDefinition: string }[] }>("DescribeServices", described);
  const definition = services[0]?.taskDefinition ?? "";
  type Defined = { taskDefinition: { containerDefinitions: Container[] } };
  const { taskDefinition } = await ecs<Defined>("DescribeTaskDefinition", { taskDefinition: definition });
  const [container] = taskDefinition.containerDefinitions;
  if (container === undefined) throw new Error("the task has no container");
  const text = container.environment.find(({ name }) => name === "POSTERN_CONFIG")?.value ?? "{}";
  return { cluster, service, definition, container, configuration: JSON.parse(text) };
}

/** As Fargate does it: root's, unless the image names a volume there, which then keeps the owner and the mode that the image has it with. */
function mountVolume(root: string, path: string, volumes: ReadonlySet<string>): void {
  const at = join(root, path);
  const there = existsSync(at) && volumes.has(path) ? lstatSync(at) : { uid: 0, gid: 0, mode: 0o755 };
  mkdirSync(at, { recursive: true });
  chownSync(at, there.uid, there.gid);
  chmodSync(at, there.mode & 0o7777);
}

/** The agent of ECS beside a task: says who the task is, and lends it its role. */
async function startAgent(arn: string): Promise<{ readonly url: string; close(): void }> {
  const server = createServer((request, response) => {
    response.setHeader("content-type", "application/json");
    if (request.url === "/v4/task") return void response.end(JSON.stringify({ TaskARN: arn }));
    if (request.url !== "/credentials") return void response.writeHead(404).end();
    const Expiration = new Date(Date.now() + 3_600_000).toISOString();
    response.end(JSON.stringify({ AccessKeyId: "test", SecretAccessKey: "test", Token: "", Expiration }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close: () => void server.close() };
}

async function becomes(ready: () => Promise<boolean>, child: ChildProcess, why: () => Promise<string>): Promise<void> {
  const until = Date.now() + 60_000;
  while (Date.now() < until) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`the task ended: ${await why()}`);
    if (await ready()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const said = await why();
  child.kill("SIGKILL");
  throw new Error(`the task did not become ready: ${said}`);
}
