// Postern deployed: MiniStack as the account, CDK's own command line, tasks as Fargate would run them, people who sign in at the user pool.
import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { S3Client } from "@aws-sdk/client-s3";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { ROOT } from "#test/support/project.ts";
import { environment } from "#test/support/settings.ts";
import { ACCOUNT, clientOf, REGION, startMiniStack } from "../aws/ministack.ts";
import { type Assembly, cdk } from "./assembly.ts";
import { makeBucket, putLock } from "./bucket.ts";
import { type Call, callerOf } from "./call.ts";
import { deployedService, runTask, type Task } from "./fargate.ts";
import { type Ground, LEDGER } from "./ground.ts";
import { startInternet } from "./internet.ts";
import { makePerson, signIn } from "./people.ts";

const POSTERN = join(ROOT, "cli/src/main.ts");
const STRANGER = "stranger";
const ISSUER = `cognito-idp.${REGION}.amazonaws.com`;

/** How a program ended, and what it said. */
export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Deployed {
  readonly client: ReturnType<typeof clientOf>;
  readonly call: Call;
  /** Where the evidence bucket is. */
  readonly store: S3Client;
  /** What the deployed functions are told, by variable; and their own names, by their folders' without dashes. */
  readonly names: Readonly<Record<string, string>>;
  /** Cluster and service of the gateway. */
  service(): Promise<{ readonly cluster: string; readonly service: string }>;
  /** Deploys, or updates what is deployed. */
  deploy(assembly: Assembly): Promise<void>;
  destroy(stacks: readonly string[]): Promise<string>;
  /** Takes the protection of stacks away, as somebody has to by hand. */
  unprotect(stacks: readonly string[]): Promise<void>;
  task(): Promise<Task>;
  /** The ID token of somebody of the group that has their name (`stranger`: of none), who signs in at the user pool. */
  token(name: string): Promise<string>;
  /** Variables of psql, to log in through a task. */
  login(task: Task, name: string): Promise<Readonly<Record<string, string>>>;
  /** `postern ARGS`, as somebody on another machine runs it, who may have a token. */
  postern(args: readonly string[], token?: string): Promise<Said>;
  stop(): Promise<void>;
}

/** @param s3 address of another home of the evidence bucket; null: the stand-in's own. @param say what goes on */
export async function openAccount(ground: Ground, s3: string | null, say: (line: string) => void): Promise<Deployed> {
  const root = mkdtempSync(join(ground.root, "account-"));
  let endpoint = "";
  let relay = "";
  // `<api>-<endpoint of the VPC>.execute-api...`: a private API has this name inside of the VPC.
  const relayed = (path: string) => `/_aws/execute-api/${relay.split("-vpce-")[0]}${path}`;
  const internet = await startInternet(
    ground.keys,
    [ISSUER, `*.execute-api.${REGION}.amazonaws.com`],
    () => endpoint,
    (host, path) => (host === ISSUER ? path : relayed(path)),
  );
  const stores = s3 === null ? {} : { AWS_ENDPOINT_URL_S3: s3 };
  const out = { https_proxy: internet.proxy, no_proxy: "127.0.0.1", SSL_CERT_FILE: ground.certificates.caFile };
  const ministack = await startMiniStack({ ...out, ...stores });
  endpoint = ministack.endpoint;
  const client = clientOf(endpoint);
  const call = callerOf(endpoint);
  const store = new S3Client({ ...client, ...(s3 === null ? {} : { endpoint: s3 }), forcePathStyle: true });
  const keys = { AWS_ACCESS_KEY_ID: "test", AWS_SECRET_ACCESS_KEY: "test" };
  const aws = { ...environment(), AWS_ENDPOINT_URL: endpoint, AWS_REGION: REGION, ...keys };
  const secrets = new SecretsManagerClient(client);
  for (const [Name, value] of Object.entries(ground.secrets))
    await secrets.send(new CreateSecretCommand({ Name, SecretString: JSON.stringify(value) }));

  const names: Record<string, string> = {};
  const outputs: Record<string, string> = {};
  let app = "";
  const service = () => deployedService(call);
  const tasks: Task[] = [];
  const people = new Map<string, Promise<string>>();
  const pool = () => ({ endpoint, call, id: outputs.UserPool ?? "", client: outputs.Audience ?? "" });
  const auditor = join(root, "auditor");
  mkdirSync(auditor);

  const first = async (assembly: Assembly) => {
    say("cdk bootstrap");
    await cdk(["bootstrap", `aws://${ACCOUNT}/${REGION}`, "--app", assembly.folder], aws);
  };
  const deploy = async (assembly: Assembly) => {
    const updating = app !== "";
    if (!updating) await first(assembly);
    app = assembly.folder;
    say(`cdk deploy --all, of what the stand-in has; it has no ${assembly.cut.join(", ")}`);
    const file = join(root, "outputs.json");
    const how = ["--require-approval", "never", "--concurrency", "4", "--outputs-file", file];
    await cdk(["deploy", "--all", "--app", app, ...how], aws);
    for (const stack of Object.values(
      JSON.parse(await readFile(file, "utf8")) as Record<string, Record<string, string>>,
    ))
      Object.assign(outputs, stack);
    Object.assign(names, await namesOf(client));
    relay = new URL((await service()).configuration.issuers[0]?.jwksUri ?? "").hostname;
    if (!updating) await (s3 === null ? putLock : makeBucket)(store, names.POSTERN_BUCKET ?? "", assembly);
  };
  let verifierKey = "";
  const learnKey = async () => {
    const said = await program(
      process.execPath,
      [POSTERN, "ledger-key", outputs.LedgerKey ?? "", "--name", LEDGER],
      aws,
    );
    if (said.code !== 0) throw new Error(said.err);
    verifierKey = said.out.trim();
  };
  const token = async (name: string) => {
    if (!people.has(name)) people.set(name, makePerson(pool(), name, name === STRANGER ? null : name));
    return (await signIn(pool(), name, (await people.get(name)) ?? "")).id;
  };
  return {
    client,
    call,
    store,
    names,
    service,
    deploy,
    destroy: (stacks) => cdk(["destroy", ...stacks, "--exclusively", "--force", "--app", app], aws),
    async unprotect(stacks) {
      for (const StackName of stacks) {
        const body = { Action: "UpdateTerminationProtection", StackName, EnableTerminationProtection: "false" };
        const answer = await fetch(endpoint, { method: "POST", body: new URLSearchParams(body) });
        if (!answer.ok) throw new Error(await answer.text());
      }
    },
    async task() {
      const own = { AWS_ENDPOINT_URL: endpoint, ...stores, NODE_EXTRA_CA_CERTS: "/app/ca/clinic.pem" };
      const task = await runTask({
        call,
        assembly: app,
        scratch: root,
        env: own,
        hosts: { [relay]: internet.address },
      });
      tasks.push(task);
      return task;
    },
    token,
    async login({ port }, name) {
      const where = { PGHOST: "localhost", PGPORT: String(port), PGDATABASE: "clinic", PGUSER: name };
      const tls = { PGSSLMODE: "verify-full", PGSSLROOTCERT: ground.certificates.caFile };
      return { ...where, ...tls, PGPASSWORD: await token(name) };
    },
    async postern(args, as) {
      if (verifierKey === "") await learnKey();
      const evidence = {
        POSTERN_STATE: auditor,
        POSTERN_STORE: `s3://${names.POSTERN_BUCKET}`,
        POSTERN_VERIFIER_KEY: verifierKey,
      };
      // The stand-in has HTTP APIs at a path of its own, with the API's id that is in the address.
      const api = new URL(outputs.AnswerAddress ?? "").hostname.split(".")[0];
      const answers = { POSTERN_ANSWERS: `${endpoint}/_aws/execute-api/${api}/$default`, POSTERN_TOKEN: as ?? "" };
      const env = { ...aws, ...stores, ...evidence, ...(as === undefined ? {} : answers) };
      return program(process.execPath, [POSTERN, ...args], env);
    },
    async stop() {
      for (const task of tasks) await task.kill();
      ministack.stop();
      internet.close();
    },
  };
}

/** Runs a program to its end, however it ends. */
export async function program(
  file: string,
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Said> {
  const ended = promisify(execFile)(file, args, { env, maxBuffer: 64 * 1024 * 1024 });
  ended.child.stdin?.end();
  const { code = 0, stdout, stderr } = await ended.catch((error) => error);
  return { code, out: String(stdout), err: String(stderr) };
}

/** The variables of all functions, which agree where they have the same. */
async function namesOf(client: object): Promise<Record<string, string>> {
  const { Functions = [] } = await new LambdaClient(client).send(new ListFunctionsCommand({}));
  const names: Record<string, string> = {};
  for (const { FunctionName = "", Environment } of Functions) {
    Object.assign(names, Environment?.Variables);
    const [, folder = ""] = /^Postern[A-Z][a-z]+-(\w+?)[0-9A-F]{8}-/.exec(FunctionName) ?? [];
    names[folder] = FunctionName;
  }
  return names;
}
