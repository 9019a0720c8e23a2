// The approval workflow: a table, four functions, the way in for answers, and the state machine that minds the time.
import { join } from "node:path";
import {
  ArnFormat,
  Aws,
  CfnOutput,
  CfnParameter,
  Duration,
  RemovalPolicy,
  Stack,
  type StackProps,
  Validations,
} from "aws-cdk-lib";
import { type CfnStage, HttpApi, HttpMethod } from "aws-cdk-lib/aws-apigatewayv2";
import { HttpLambdaIntegration } from "aws-cdk-lib/aws-apigatewayv2-integrations";
import { SnsAction } from "aws-cdk-lib/aws-cloudwatch-actions";
import { AttributeType, BillingMode, ProjectionType, Table, TableEncryption } from "aws-cdk-lib/aws-dynamodb";
import { PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key } from "aws-cdk-lib/aws-kms";
import { Architecture, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import { LogGroup, RetentionDays } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import { Topic } from "aws-cdk-lib/aws-sns";
import { DefinitionBody, LogLevel, StateMachine } from "aws-cdk-lib/aws-stepfunctions";
import type { Construct } from "constructs";

const ROOT = join(import.meta.dirname, "../..");
/** Names of the table's attributes that have an index each; the functions' store knows them by the same. */
const INDEXES = ["digest", "facts", "window", "pending", "shelf", "news"];

type Name = "approval-request" | "approval-answer" | "approval-expire" | "notify";

export class ApprovalsStack extends Stack {
  readonly table: Table;
  readonly #key: Key;
  readonly #secret: Secret;
  readonly #workflowArn: string;

  constructor(scope: Construct, id: string, props: StackProps = {}) {
    super(scope, id, props);
    this.#key = this.makeKey();
    this.table = this.makeTable();
    this.#secret = new Secret(this, "Credentials", {
      description: "Slack's signing secret and bot token, and the directory's token: to be filled in",
      encryptionKey: this.#key,
      // Until it is filled in no callback can be signed rightly.
      generateSecretString: {
        secretStringTemplate: JSON.stringify({ slackBotToken: "", directoryToken: "" }),
        generateStringKey: "slackSigningSecret",
      },
    });
    // The state machine calls a function that answers to it: one of the two has to be known by its name.
    const name = `${Aws.STACK_NAME}-approval`;
    this.#workflowArn = this.formatArn({
      service: "states",
      resource: "stateMachine",
      resourceName: name,
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const settings = this.parameters();
    const request = this.makeFunction("approval-request", { POSTERN_WORKFLOW: this.#workflowArn });
    const expire = this.makeFunction("approval-expire", {});
    const notify = this.makeFunction("notify", {
      POSTERN_SECRET: this.#secret.secretArn,
      POSTERN_MAIL_FROM: settings.mailFrom,
    });
    const answer = this.makeFunction("approval-answer", {
      POSTERN_WORKFLOW: this.#workflowArn,
      POSTERN_SECRET: this.#secret.secretArn,
      POSTERN_POLICY: "/var/task/policy",
      POSTERN_SLACK_TEAM: settings.slackTeam,
      POSTERN_SLACK_APP: settings.slackApp,
      POSTERN_DIRECTORY: settings.directory,
      POSTERN_ISSUER: settings.issuer,
      POSTERN_AUDIENCE: settings.audience,
      POSTERN_JWKS: settings.jwks,
    });
    this.makeWorkflow(name, notify, expire);

    const may = (fn: NodejsFunction, action: string, resource: string) =>
      fn.addToRolePolicy(new PolicyStatement({ actions: [action], resources: [resource] }));
    for (const fn of [request, answer]) may(fn, "states:StartExecution", this.#workflowArn);
    for (const fn of [notify, answer]) {
      may(fn, "states:SendTaskSuccess", this.#workflowArn);
      this.#secret.grantRead(fn);
    }
    notify.addToRolePolicy(
      new PolicyStatement({
        actions: ["ses:SendEmail"],
        resources: [this.formatArn({ service: "ses", resource: "identity", resourceName: "*" })],
        conditions: { StringEquals: { "ses:FromAddress": settings.mailFrom } },
      }),
    );
    const api = this.makeApi(answer);
    new CfnOutput(this, "AnswerAddress", { value: api.apiEndpoint });
    new CfnOutput(this, "RequestFunction", { value: request.functionArn });
    this.acknowledge();
  }

  /** What the HIPAA rules of cdk-nag find and is meant so: each finding with its reason. */
  private acknowledge(): void {
    const reasons = {
      DynamoDBInBackupPlan: "point-in-time recovery is on; backup plans belong to the account, not to this stack",
      SecretsManagerRotationEnabled: "Slack and the identity provider issue these credentials: they are rotated there",
      IAMNoInlinePolicy: "each role belongs to one function or workflow, and its policy to that role alone",
      LambdaDLQ: "every function is called synchronously, by a caller that retries or reports",
      LambdaInsideVPC:
        "they reach AWS, Slack and the identity provider, and nothing in a VPC; no PHI passes through them",
    };
    for (const [rule, reason] of Object.entries(reasons))
      Validations.of(this).acknowledge({ id: `HIPAA.Security::HIPAA.Security-${rule}`, reason });
  }

  private makeKey(): Key {
    const key = new Key(this, "Key", {
      description: "Encrypts Postern's requests for approval at rest",
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    key.grantEncryptDecrypt(new ServicePrincipal(`logs.${Aws.REGION}.amazonaws.com`));
    return key;
  }

  private makeTable(): Table {
    const table = new Table(this, "Approvals", {
      partitionKey: { name: "key", type: AttributeType.STRING },
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: this.#key,
      pointInTimeRecoverySpecification: { pointInTimeRecoveryEnabled: true },
      timeToLiveAttribute: "expires",
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    for (const name of INDEXES)
      table.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: { name, type: AttributeType.STRING },
        sortKey: { name: "id", type: AttributeType.STRING },
        projectionType: ProjectionType.ALL,
      });
    // What gateways look at twice a second while somebody waits: small entries, by the time of their writing.
    table.addGlobalSecondaryIndex({
      indexName: "changed",
      partitionKey: { name: "changed", type: AttributeType.STRING },
      sortKey: { name: "written", type: AttributeType.NUMBER },
      projectionType: ProjectionType.INCLUDE,
      nonKeyAttributes: ["length"],
    });
    return table;
  }

  private parameters() {
    const parameter = (id: string, description: string, more: { default?: string; allowedPattern?: string } = {}) =>
      new CfnParameter(this, id, { type: "String", description, ...more }).valueAsString;
    const https = { allowedPattern: "https://.+" };
    return {
      slackTeam: parameter("SlackTeam", "Id of the one Slack workspace that may answer", { default: "" }),
      slackApp: parameter("SlackApp", "Id of the Slack app", { default: "" }),
      directory: parameter("Directory", "Base address of the identity provider's SCIM 2.0 directory", { default: "" }),
      mailFrom: parameter("MailFrom", "Address that mails come from; verified in SES"),
      issuer: parameter("Issuer", "The identity provider: iss of its tokens", https),
      audience: parameter("Audience", "aud of the tokens that are taken", { default: "postern" }),
      jwks: parameter("Jwks", "Address of the identity provider's key set", https),
    };
  }

  private makeFunction(name: Name, environment: Record<string, string>): NodejsFunction {
    const fn = new NodejsFunction(this, name, {
      description: `Postern: ${name}`,
      entry: join(ROOT, "functions/src", name, "handler.ts"),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: 512,
      timeout: Duration.seconds(20),
      reservedConcurrentExecutions: 20,
      tracing: Tracing.ACTIVE,
      environment: { POSTERN_TABLE: this.table.tableName, ...environment },
      environmentEncryption: this.#key,
      bundling: {
        target: "node24",
        externalModules: [],
        bundleAwsSDK: true,
        commandHooks: {
          beforeBundling: () => [],
          beforeInstall: () => [],
          // Break-glass needs to know what policy offers.
          afterBundling: (from, to) => [`mkdir -p ${to}/policy`, `cp ${from}/policy/approvals.yaml ${to}/policy/`],
        },
      },
      logGroup: this.makeLog(`${name}-log`),
    });
    this.table.grant(fn, "dynamodb:GetItem", "dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:Query");
    this.#key.grantEncryptDecrypt(fn);
    return fn;
  }

  private makeWorkflow(stateMachineName: string, notify: NodejsFunction, expire: NodejsFunction): StateMachine {
    const workflow = new StateMachine(this, "Workflow", {
      stateMachineName,
      definitionBody: DefinitionBody.fromFile(join(ROOT, "infra/workflow/approval.asl.json")),
      definitionSubstitutions: { NotifyFunction: notify.functionArn, ExpireFunction: expire.functionArn },
      tracingEnabled: true,
      // Without the data of executions: ids and times are all there is to see.
      logs: { destination: this.makeLog("workflow-log"), level: LogLevel.ALL, includeExecutionData: false },
    });
    notify.grantInvoke(workflow);
    expire.grantInvoke(workflow);
    workflow
      .metricFailed()
      .createAlarm(this, "WorkflowFailed", {
        alarmDescription: "A workflow of an approval failed: its request may expire without anybody having been asked.",
        threshold: 1,
        evaluationPeriods: 1,
      })
      .addAlarmAction(new SnsAction(this.makeTopic()));
    return workflow;
  }

  private makeTopic(): Topic {
    this.#key.grantEncryptDecrypt(new ServicePrincipal("cloudwatch.amazonaws.com"));
    const topic = new Topic(this, "Alarms", { masterKey: this.#key, enforceSSL: true });
    new CfnOutput(this, "AlarmTopic", { value: topic.topicArn });
    return topic;
  }

  private makeApi(answer: NodejsFunction): HttpApi {
    const api = new HttpApi(this, "Api", { description: "Answers to requests for approval" });
    const integration = new HttpLambdaIntegration("Answer", answer);
    for (const path of ["/slack", "/approvals", "/approvals/{proxy+}", "/break-glass", "/break-glass/{proxy+}"])
      api.addRoutes({ path, methods: [HttpMethod.GET, HttpMethod.POST], integration });
    const stage = api.defaultStage?.node.defaultChild as CfnStage;
    const log = this.makeLog("api-log");
    stage.accessLogSettings = {
      destinationArn: log.logGroupArn,
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
    return api;
  }

  private makeLog(id: string): LogGroup {
    return new LogGroup(this, id, { encryptionKey: this.#key, retention: RetentionDays.ONE_YEAR });
  }
}
