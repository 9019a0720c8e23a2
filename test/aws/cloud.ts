// A stand-in for AWS on loopback, with the approval workflow deployed in it: the stack's table, the real bundles, the real state machine.
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DynamoDBClient,
  type DynamoDBClientConfig,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import { CreateFunctionCommand, InvokeCommand, LambdaClient } from "@aws-sdk/client-lambda";
import { CreateSecretCommand, SecretsManagerClient } from "@aws-sdk/client-secrets-manager";
import { CreateEmailIdentityCommand, SESv2Client } from "@aws-sdk/client-sesv2";
import {
  CreateStateMachineCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
} from "@aws-sdk/client-sfn";
import type { Template } from "aws-cdk-lib/assertions";
import { settler } from "#functions/adapters/aws.ts";
import { DynamoApprovals } from "#functions/adapters/dynamo-approvals.ts";
import type { HttpEvent, HttpResponse } from "#functions/adapters/http-api.ts";
import { type Certificates, ensureCertificates } from "#local/certificates.ts";
import type { ApprovalState } from "#shared/approval/types.ts";
import { templates } from "#test/support/deployment.ts";
import { type Issuer, startIssuer } from "#test/support/issuer.ts";
import { ROOT } from "#test/support/project.ts";
import { APP, SECRET, TEAM } from "#test/support/slack.ts";
import { ACCOUNT, bundle, clientOf, REGION, startMiniStack } from "./ministack.ts";

const FUNCTIONS = ["approval-request", "notify", "approval-answer", "approval-expire"] as const;
const REVOCATIONS = "revocations";
const CONTRACT = "contract";
/** The stand-in reads no TimeoutSecondsPath; the workflow looks again when it is woken too early. */
const WAKE_SECONDS = 3;

export interface Cloud {
  readonly store: DynamoApprovals;
  /** A table like it that no function knows: what its contract leaves there, a policy in force among it, is in nobody's way. */
  readonly contract: DynamoApprovals;
  /** What clients of the SDK need to reach it. */
  readonly client: DynamoDBClientConfig;
  readonly issuer: Issuer;
  /** What was posted to Slack: method and body. */
  readonly slack: { readonly method: string; readonly body: Record<string, unknown> }[];
  /** @throws with what the function said, when it failed */
  invoke<R>(name: (typeof FUNCTIONS)[number], event: object): Promise<R>;
  answer(event: HttpEvent): Promise<HttpResponse>;
  /** Makes one more function of the real bundle. @param more what it is told besides what all are */
  deploy(name: string, more: Readonly<Record<string, string>>): Promise<void>;
  /** Base address of the HTTP API in front of approval-answer, and of `officers` where that is deployed. */
  readonly door: string;
  /** Offboards somebody: an item in the table of revocations. */
  revoke(name: string): Promise<void>;
  /** Ends a task of the workflow, as the functions do. */
  settle(task: string, state: ApprovalState): Promise<void>;
  /** Without it no execution can be started. */
  readonly workflow: { start(): Promise<void>; stop(): Promise<void> };
  /** PEM texts of a certificate for localhost, which is its own authority, and the folder it is in. */
  readonly certificates: Certificates;
  /** How the workflow of this name stands. */
  execution(name: string): Promise<string>;
  stop(): Promise<void>;
}

/** Somebody of Slack's workspace and of the directory. */
export interface Member {
  readonly user: string;
  readonly name: string;
  readonly groups: readonly string[];
}

/** @param policy folder of the bundle that functions are deployed with */
export async function startCloud(
  members: readonly Member[],
  broken: ReadonlySet<string>,
  policy = join(ROOT, "policy"),
): Promise<Cloud> {
  const ministack = await startMiniStack();
  const { endpoint } = ministack;
  const client = clientOf(endpoint);
  const scratch = mkdtempSync(join(tmpdir(), "postern-aws-"));
  const tls = await ensureCertificates(scratch);

  const pem = { cert: readFileSync(tls.certFile, "utf8"), key: readFileSync(tls.keyFile, "utf8") };
  const issuer = await startIssuer(pem, "postern");
  const world = await startWorld(members, broken, issuer.keys);
  const dynamo = new DynamoDBClient(client);
  const { data, control } = templates("minimal");
  const table = tableOf(data);
  for (const TableName of [table.TableName, CONTRACT])
    await dynamo.send(new CreateTableCommand({ ...table, TableName }));
  await dynamo.send(
    new CreateTableCommand({
      TableName: REVOCATIONS,
      KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  const secret = JSON.stringify({ slackSigningSecret: SECRET, slackBotToken: "xoxb-test", directoryToken: "scim" });
  const { ARN } = await new SecretsManagerClient(client).send(
    new CreateSecretCommand({ Name: "credentials", SecretString: secret }),
  );
  await new SESv2Client(client).send(new CreateEmailIdentityCommand({ EmailIdentity: "postern@example.org" }));
  const workflow = `arn:aws:states:${REGION}:${ACCOUNT}:stateMachine:approval`;
  const settings = {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: REGION,
    AWS_ACCESS_KEY_ID: "test",
    AWS_SECRET_ACCESS_KEY: "test",
    POSTERN_TABLE: "approvals",
    POSTERN_REVOCATIONS: REVOCATIONS,
    POSTERN_WORKFLOW: workflow,
    POSTERN_SECRET: ARN ?? "",
    POSTERN_POLICY: policy,
    POSTERN_SLACK_API: `${world.url}/api`,
    POSTERN_SLACK_TEAM: TEAM,
    POSTERN_SLACK_APP: APP,
    POSTERN_DIRECTORY: `${world.url}/scim`,
    POSTERN_MAIL_FROM: "postern@example.org",
    POSTERN_ISSUER: issuer.url,
    POSTERN_AUDIENCE: "postern",
    // Inside functions the stand-in turns HTTPS to loopback into HTTP: so the keys are served there, and asked for by HTTPS.
    POSTERN_JWKS: `${world.url.replace("http:", "https:")}/jwks`,
  };
  const lambda = new LambdaClient({ ...client, maxAttempts: 1 });
  const deploy = async (name: string, more: Readonly<Record<string, string>> = {}) => {
    await lambda.send(
      new CreateFunctionCommand({
        FunctionName: name,
        Runtime: "nodejs24.x",
        Handler: "index.handler",
        Role: `arn:aws:iam::${ACCOUNT}:role/none`,
        Timeout: 20,
        Code: { ZipFile: await bundle(name, scratch, ministack.python) },
        Environment: { Variables: { ...settings, ...more } },
      }),
    );
  };
  for (const name of FUNCTIONS) await deploy(name);
  const states = new SFNClient(client);
  const start = async () => {
    const roleArn = `arn:aws:iam::${ACCOUNT}:role/none`;
    await states.send(new CreateStateMachineCommand({ name: "approval", roleArn, definition: definition() }));
  };
  await start();

  const invoke = async <R>(name: string, event: object): Promise<R> => {
    const done = await lambda.send(
      new InvokeCommand({ FunctionName: name, Payload: Buffer.from(JSON.stringify(event)) }),
    );
    const text = Buffer.from(done.Payload ?? []).toString("utf8");
    if (done.FunctionError !== undefined) throw new Error(text);
    return JSON.parse(text) as R;
  };
  return {
    store: new DynamoApprovals(dynamo, "approvals"),
    contract: new DynamoApprovals(dynamo, CONTRACT),
    client,
    certificates: tls,
    issuer,
    slack: world.slack,
    door: await openDoor(endpoint, routesOf(control)),
    settle: settler(states),
    workflow: {
      start,
      stop: async () => void (await states.send(new DeleteStateMachineCommand({ stateMachineArn: workflow }))),
    },
    revoke: async (name) =>
      void (await dynamo.send(new PutItemCommand({ TableName: REVOCATIONS, Item: { name: { S: name } } }))),
    invoke,
    deploy,
    answer: (event) => invoke<HttpResponse>("approval-answer", event),
    async execution(name) {
      const executionArn = `${workflow.replace(":stateMachine:", ":execution:")}:${name}`;
      return (await states.send(new DescribeExecutionCommand({ executionArn }))).status ?? "";
    },
    async stop() {
      ministack.stop();
      await Promise.all([issuer.close(), world.close()]);
      rmSync(scratch, { recursive: true, force: true });
    },
  };
}

/** The table as the stack has it, without what the stand-in does not know. */
function tableOf(stack: Template): CreateTableCommandInput {
  const tables = Object.entries(stack.findResources("AWS::DynamoDB::Table"));
  const table = tables.find(([id]) => id.startsWith("Approvals"))?.[1];
  const { KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode } = table?.Properties ?? {};
  return { TableName: "approvals", KeySchema, AttributeDefinitions, GlobalSecondaryIndexes, BillingMode };
}

function routesOf(stack: Template): readonly string[] {
  return Object.values(stack.findResources("AWS::ApiGatewayV2::Route")).map((route) => route.Properties.RouteKey);
}

/** The HTTP API with the stack's routes, in front of the functions that they name. @returns its address */
async function openDoor(endpoint: string, routes: readonly string[]): Promise<string> {
  const make = async (path: string, body: object) => {
    const made = await fetch(`${endpoint}/v2/apis${path}`, { method: "POST", body: JSON.stringify(body) });
    if (!made.ok) throw new Error(`the HTTP API cannot be made: ${await made.text()}`);
    return (await made.json()) as { readonly apiId: string; readonly integrationId: string };
  };
  const { apiId } = await make("", { name: "answers", protocolType: "HTTP" });
  const integration = async (name: string) => {
    const integrationUri = `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${name}`;
    const settings = { integrationType: "AWS_PROXY", integrationUri, payloadFormatVersion: "2.0" };
    return (await make(`/${apiId}/integrations`, settings)).integrationId;
  };
  const [answers, officers] = [await integration("approval-answer"), await integration("officers")];
  for (const routeKey of routes) {
    const target = `integrations/${routeKey.includes("/officers") ? officers : answers}`;
    await make(`/${apiId}/routes`, { routeKey, target });
  }
  await make(`/${apiId}/stages`, { stageName: "$default", autoDeploy: true });
  return `${endpoint}/_aws/execute-api/${apiId}/$default`;
}

function definition(): string {
  const functions: Readonly<Record<string, string>> = { NotifyFunction: "notify", ExpireFunction: "approval-expire" };
  return readFileSync(join(ROOT, "infra/workflow/approval.asl.json"), "utf8")
    .replace(/\$\{(\w+)\}/g, (_, name) => `arn:aws:lambda:${REGION}:${ACCOUNT}:function:${functions[name]}`)
    .replace('"TimeoutSecondsPath": "$.seconds"', `"TimeoutSeconds": ${WAKE_SECONDS}`);
}

/** Slack's Web API and the identity provider's directory. */
async function startWorld(members: readonly Member[], broken: ReadonlySet<string>, keys: string) {
  const slack: Cloud["slack"] = [];
  const server = createServer(async (request, response) => {
    const url = new URL(request.url ?? "/", "http://127.0.0.1");
    let text = "";
    for await (const chunk of request) text += chunk;
    const reply = (value: unknown) => response.setHeader("content-type", "application/json").end(JSON.stringify(value));
    if (url.pathname === "/jwks") return response.setHeader("content-type", "application/json").end(keys);
    if (url.pathname === "/scim/Users") return reply({ Resources: members.map(scimUser) });
    if (url.pathname === "/api/users.info") {
      const member = members.find((one) => one.user === url.searchParams.get("user"));
      return reply(
        member === undefined ? { ok: false, error: "user_not_found" } : { ok: true, user: slackUser(member) },
      );
    }
    const body = text.startsWith("{") ? (JSON.parse(text) as Record<string, unknown>) : {};
    slack.push({ method: url.pathname.replace("/api/", ""), body });
    if (broken.has(String(body.channel))) return reply({ ok: false, error: "channel_not_found" });
    return reply({ ok: true, channel: body.channel, ts: `1548261231.${String(slack.length).padStart(6, "0")}` });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const close = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, slack, close };
}

function scimUser({ name, groups }: Member): object {
  const emails = [{ value: `${name}@example.org`, primary: true }];
  return {
    id: name,
    userName: name,
    active: true,
    emails,
    groups: groups.map((display) => ({ value: display, display })),
  };
}

function slackUser({ user, name }: Member): object {
  const profile = { email: `${name}@example.org`, display_name: "somebody" };
  return {
    id: user,
    team_id: TEAM,
    name: "somebody",
    deleted: false,
    is_bot: false,
    is_email_confirmed: true,
    profile,
  };
}
