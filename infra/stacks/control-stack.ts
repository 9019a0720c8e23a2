// What asks and answers: the functions, the state machine that minds the time of approvals, and the one way in from outside.
import { join } from "node:path";
import { ArnFormat, Aws, CfnOutput, Stack, type StackProps } from "aws-cdk-lib";
import { type CfnStage, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { SecurityGroup } from "aws-cdk-lib/aws-ec2";
import { Rule, RuleTargetInput, Schedule } from "aws-cdk-lib/aws-events";
import { LambdaFunction } from "aws-cdk-lib/aws-events-targets";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";
import { RETENTION_DAYS } from "../constructs/evidence-bucket.ts";
import { explain } from "../constructs/explain.ts";
import { CEDAR, PosternFunction, ROOT } from "../constructs/function.ts";
import { KeptSecret } from "../constructs/kept-secret.ts";
import { logGroup } from "../constructs/log-group.ts";
import type { Settings } from "../settings.ts";
import type { DataStack } from "./data-stack.ts";
import type { Issuer } from "./identity-stack.ts";
import type { KeysStack } from "./keys-stack.ts";
import type { NetworkStack } from "./network-stack.ts";

/** What the functions do with requests. */
const REQUESTS = ["GetItem", "PutItem", "UpdateItem", "Query"] as const;
/** Of the bundle: where a function's code is. */
const IN_BUNDLE = "policy";

export interface ControlProps extends StackProps {
  readonly keys: KeysStack;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly issuer: Issuer;
  readonly settings: Settings;
}

export class ControlStack extends Stack {
  readonly request: PosternFunction;
  readonly workflow: StateMachine;
  /** Has free text looked at by Comprehend Medical, where settings ask for it. */
  readonly detectPhi: PosternFunction | null;
  readonly functions: readonly PosternFunction[];
  readonly api: HttpApi;
  readonly #props: ControlProps;
  readonly #secret: KeptSecret;
  readonly #workflowArn: string;
  readonly #within: { readonly vpc: NetworkStack["vpc"]; readonly group: SecurityGroup };

  constructor(scope: Construct, id: string, props: ControlProps) {
    super(scope, id, props);
    this.#props = props;
    this.#secret = this.makeSecret();
    const group = new SecurityGroup(this, "Functions", {
      vpc: props.network.vpc,
      description: "Functions that need AWS services alone",
      allowAllOutbound: false,
    });
    props.network.allowServices(group);
    this.#within = { vpc: props.network.vpc, group };
    // The state machine calls a function that answers to it: one of the two has to be known by its name.
    const name = `${Aws.STACK_NAME}-approval`;
    this.#workflowArn = this.formatArn({
      service: "states",
      resource: "stateMachine",
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    this.request = this.makeRequest();
    const expire = this.makeExpire();
    const notify = this.makeNotify();
    const answer = this.makeAnswer();
    this.detectPhi = props.settings.comprehendMedical === undefined ? null : this.makeDetectPhi();
    const others = this.detectPhi === null ? [] : [this.detectPhi];
    const officers = this.makeOfficers();
    const review = this.makeReview(notify);
    this.functions = [this.request, expire, notify, answer, officers, review, ...others];
    this.workflow = this.makeWorkflow(name, notify, expire);
    this.api = this.makeApi(answer, officers);
    new CfnOutput(this, "AnswerAddress", { value: this.api.apiEndpoint });
    new CfnOutput(this, "RequestFunction", { value: this.request.functionArn });
    new CfnOutput(this, "ChannelSecret", { value: this.#secret.secretArn });
  }

  private makeSecret(): KeptSecret {
    return new KeptSecret(this, "Channels", {
      description: "Slack's signing secret and bot token, and the directory's token: to be filled in",
      key: this.#props.keys.secrets,
      // Until it is filled in no callback can be signed rightly.
      generate: {
        secretStringTemplate: JSON.stringify({ slackBotToken: "", directoryToken: "" }),
        generateStringKey: "slackSigningSecret",
      },
      notRotated:
        "Slack and the identity provider issue these credentials: they are rotated there, and filled in here (docs/operations.md)",
    });
  }

  /** Free text passes through it: it stays in the private subnets, and keeps nothing. */
  private makeDetectPhi(): PosternFunction {
    const fn = this.makeFunction("detect-phi", { within: this.#within, seconds: 60 });
    fn.addToRolePolicy(new PolicyStatement({ actions: ["comprehendmedical:DetectPHI"], resources: ["*"] }));
    return fn;
  }

  private makeRequest(): PosternFunction {
    const fn = this.makeFunction("approval-request", { within: this.#within });
    this.lendRequests(fn);
    this.letStart(fn);
    return fn;
  }

  private makeExpire(): PosternFunction {
    const fn = this.makeFunction("approval-expire", { within: this.#within });
    this.lendRequests(fn);
    return fn;
  }

  private makeNotify(): PosternFunction {
    const { mailFrom } = this.#props.settings.approvals;
    const fn = this.makeFunction("notify", { environment: { POSTERN_MAIL_FROM: mailFrom } });
    this.lendRequests(fn);
    this.lendSecret(fn);
    this.letSettle(fn);
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ["ses:SendEmail"],
        resources: [this.formatArn({ service: "ses", resource: "identity", resourceName: "*" })],
        conditions: { StringEquals: { "ses:FromAddress": mailFrom } },
      }),
    );
    return fn;
  }

  private makeAnswer(): PosternFunction {
    const { issuer, settings } = this.#props;
    const { slack, directory = "" } = settings.approvals;
    const fn = this.makeFunction("approval-answer", {
      environment: {
        POSTERN_POLICY: IN_BUNDLE,
        POSTERN_SLACK_TEAM: slack?.team ?? "",
        POSTERN_SLACK_APP: slack?.app ?? "",
        POSTERN_DIRECTORY: directory,
        ...tokensOf(issuer),
      },
      // What policy offers, and what another is compared with, while none was pushed.
      files: { [settings.policy]: "policy", [CEDAR]: "cedar_wasm_bg.wasm" },
    });
    this.lendRequests(fn);
    this.lendSecret(fn);
    fn.addEnvironment("POSTERN_REVOCATIONS", this.#props.data.revocations.lend(fn, "GetItem"));
    this.letStart(fn);
    this.letSettle(fn);
    return fn;
  }

  /** Opens what is sealed, or destroys its key, for two officers: no other role can. */
  private makeOfficers(): PosternFunction {
    const { issuer, settings, data, keys } = this.#props;
    const fn = this.makeFunction("officers", {
      environment: {
        POSTERN_POLICY: IN_BUNDLE,
        POSTERN_RETENTION_DAYS: String(RETENTION_DAYS),
        POSTERN_SEALED_KEY: keys.sealed.keyArn,
        ...tokensOf(issuer),
      },
      files: { [join(settings.policy, "approvals.yaml")]: "policy/approvals.yaml" },
      roleName: keys.openerRole,
      concurrency: 5,
    });
    fn.addEnvironment("POSTERN_OFFICERS_TABLE", data.officers.lend(fn, "GetItem", "PutItem", "UpdateItem", "Query"));
    fn.addEnvironment("POSTERN_SEALED_KEYS", data.sealedKeys.lend(fn, "GetItem", "DeleteItem"));
    fn.addEnvironment("POSTERN_REVOCATIONS", data.revocations.lend(fn, "GetItem"));
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToWrite(fn, "events"));
    // Data keys of sessions, and nothing else that anybody may have wrapped with this key.
    fn.addToRolePolicy(
      new PolicyStatement({
        actions: ["kms:Decrypt"],
        resources: [keys.sealed.keyArn],
        conditions: { Null: { "kms:EncryptionContext:session": "false", "kms:EncryptionContext:target": "false" } },
      }),
    );
    return fn;
  }

  /** Opens the activity reviews, and says what is overdue: looks once a day whether there is something to do. */
  private makeReview(notify: PosternFunction): PosternFunction {
    const { data, settings } = this.#props;
    const fn = this.makeFunction("review", {
      within: this.#within,
      environment: { POSTERN_POLICY: IN_BUNDLE, POSTERN_RETENTION_DAYS: String(RETENTION_DAYS) },
      files: { [join(settings.policy, "approvals.yaml")]: "policy/approvals.yaml" },
      seconds: 120,
      concurrency: 1,
    });
    this.lendRequests(fn);
    fn.addEnvironment("POSTERN_INDEX_TABLE", data.index.lend(fn, "GetItem", "Query", "BatchGetItem"));
    fn.addEnvironment("POSTERN_BUCKET", data.bucket.lendToRead(fn, "ledger"));
    fn.addEnvironment("POSTERN_NOTIFY", notify.functionArn);
    fn.addToRolePolicy(new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [notify.functionArn] }));
    new Rule(this, "ReviewSchedule", {
      description: "Opens activity reviews, and says what is overdue",
      schedule: Schedule.cron({ hour: "5", minute: "0" }),
      targets: [new LambdaFunction(fn, { event: RuleTargetInput.fromObject({}), retryAttempts: 3 })],
    });
    return fn;
  }

  private makeFunction(name: string, props: Omit<ConstructorParameters<typeof PosternFunction>[2], "name" | "key">) {
    return new PosternFunction(this, name, { name, key: this.#props.keys.service, ...props });
  }

  private lendRequests(fn: PosternFunction): void {
    fn.addEnvironment("POSTERN_TABLE", this.#props.data.approvals.lend(fn, ...REQUESTS));
  }

  private lendSecret(fn: PosternFunction): void {
    fn.addEnvironment("POSTERN_SECRET", this.#secret.lend(fn));
  }

  private letStart(fn: PosternFunction): void {
    fn.addToRolePolicy(new PolicyStatement({ actions: ["states:StartExecution"], resources: [this.#workflowArn] }));
    fn.addEnvironment("POSTERN_WORKFLOW", this.#workflowArn);
  }

  private letSettle(fn: PosternFunction): void {
    fn.addToRolePolicy(new PolicyStatement({ actions: ["states:SendTaskSuccess"], resources: [this.#workflowArn] }));
  }

  private makeWorkflow(stateMachineName: string, notify: PosternFunction, expire: PosternFunction): StateMachine {
    const workflow = new StateMachine(this, "Workflow", {
      stateMachineName,
      definitionBody: DefinitionBody.fromFile(join(ROOT, "infra/workflow/approval.asl.json")),
      definitionSubstitutions: { NotifyFunction: notify.functionArn, ExpireFunction: expire.functionArn },
      tracingEnabled: true,
      // Without the data of executions: ids and times are all there is to see.
      logs: {
        destination: logGroup(this, "WorkflowLog", this.#props.keys.service),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
    });
    for (const fn of [notify, expire])
      workflow.addToRolePolicy(
        new PolicyStatement({ actions: ["lambda:InvokeFunction"], resources: [fn.functionArn] }),
      );
    return workflow;
  }

  private makeApi(answer: PosternFunction, officers: PosternFunction): HttpApi {
    const api = new HttpApi(this, "Api", { description: "Answers to requests for approval, and officers" });
    const under = (...paths: string[]) => paths.flatMap((path) => [path, `${path}/{proxy+}`]);
    const route = (integration: HttpLambdaIntegration, ...paths: string[]) => {
      for (const path of paths) api.addRoutes({ path, methods: [HttpMethod.GET, HttpMethod.POST], integration });
    };
    const answered = under("/approvals", "/break-glass", "/reviews", "/policy");
    route(new HttpLambdaIntegration("Answer", answer), "/slack", ...answered);
    route(new HttpLambdaIntegration("Officers", officers), ...under("/officers"));
    const stage = api.defaultStage?.node.defaultChild as CfnStage;
    stage.accessLogSettings = {
      destinationArn: logGroup(this, "ApiLog", this.#props.keys.service).logGroupArn,
      format: JSON.stringify({
        time: "$context.requestTime",
        method: "$context.httpMethod",
        route: "$context.routeKey",
        status: "$context.status",
        source: "$context.identity.sourceIp",
      }),
    };
    // Whoever is not signed in is turned away cheaply, and not without end.
    stage.defaultRouteSettings = { throttlingBurstLimit: 50, throttlingRateLimit: 25 };
    explain(api, {
      "AwsSolutions-APIG4":
        "callbacks of Slack carry a signature and no token: approval-answer and officers check each request themselves, by Slack's signature or the issuer's token, and routes are throttled",
    });
    return api;
  }
}

/** What a function needs to tell whose token it is. */
function tokensOf({ issuer, audience, jwks, claims }: Issuer): Record<string, string> {
  return {
    POSTERN_ISSUER: issuer,
    POSTERN_AUDIENCE: audience,
    POSTERN_JWKS: jwks,
    POSTERN_CLAIMS: JSON.stringify(claims),
  };
}
