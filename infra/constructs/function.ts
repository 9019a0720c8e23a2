import { join } from "node:path";
import { Duration } from "aws-cdk-lib";
import type { ISecurityGroup, IVpc } from "aws-cdk-lib/aws-ec2";
import { SubnetType } from "aws-cdk-lib/aws-ec2";
import { Effect, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { Architecture, LoggingFormat, Runtime, Tracing } from "aws-cdk-lib/aws-lambda";
import { type ICommandHooks, NodejsFunction } from "aws-cdk-lib/aws-lambda-nodejs";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import type { Construct } from "constructs";
import { explain } from "./explain.ts";
import { logGroup } from "./log-group.ts";

/** The repository's root. */
export const ROOT = join(import.meta.dirname, "../..");

/** How esbuild makes a bundle. */
export const BUNDLING = {
  target: "node24",
  // Modules of the SDK that are not used fall away.
  mainFields: ["module", "main"],
  minify: true,
  // Errors are told by the names of their classes.
  keepNames: true,
};
/** What functions that read policies load from beside their bundle. */
export const CEDAR = "node_modules/@cedar-policy/cedar-wasm/nodejs/cedar_wasm_bg.wasm";

export interface PosternFunctionProps {
  /** Folder under `functions/src`, whose `handler.ts` exports `handler`. */
  readonly name: string;
  readonly key: IKey;
  /** Where it runs; without it outside of any VPC, as those must that talk to Slack, an identity provider or witnesses. */
  readonly within?: { readonly vpc: IVpc; readonly group: ISecurityGroup };
  readonly environment?: Record<string, string>;
  /** Files that go beside the bundle, from the repository's root to a place in it. */
  readonly files?: Readonly<Record<string, string>>;
  readonly memory?: number;
  readonly seconds?: number;
  /** Of its role, where something has to know it beforehand. */
  readonly roleName?: string;
  /** Calls at one time. */
  readonly concurrency?: number;
}

/** One bundle of one folder, without anything to install: esbuild makes it, on this machine. */
export class PosternFunction extends NodejsFunction {
  constructor(scope: Construct, id: string, props: PosternFunctionProps) {
    const { name, key, within, environment = {}, files = {}, memory = 512, seconds = 20, concurrency = 20 } = props;
    const log = logGroup(scope, `${id}Log`, key);
    super(scope, id, {
      description: `Postern: ${name}`,
      entry: join(ROOT, "functions/src", name, "handler.ts"),
      projectRoot: ROOT,
      depsLockFilePath: join(ROOT, "package-lock.json"),
      runtime: Runtime.NODEJS_24_X,
      architecture: Architecture.ARM_64,
      memorySize: memory,
      timeout: Duration.seconds(seconds),
      reservedConcurrentExecutions: concurrency,
      tracing: Tracing.ACTIVE,
      loggingFormat: LoggingFormat.JSON,
      environment,
      environmentEncryption: key,
      bundling: { ...BUNDLING, externalModules: [], bundleAwsSDK: true, commandHooks: copying(files) },
      logGroup: log,
      role: roleOf(scope, `${id}Role`, log, within !== undefined, props.roleName),
      ...(within === undefined
        ? {}
        : {
            vpc: within.vpc,
            securityGroups: [within.group],
            vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
          }),
    });
    if (within === undefined)
      explain(this, {
        "HIPAA.Security-LambdaInsideVPC":
          "it talks to Slack, to the identity provider or to witnesses of the ledger, or is called by Cognito, and talks to nothing in a VPC; no PHI passes through it, and its role reaches what it needs alone",
      });
    explain(this, {
      "HIPAA.Security-LambdaDLQ":
        "called by a caller that retries and reports: a queue with dead letters, a state machine, an API, Cognito, the gateway, or a schedule whose next call does what one left",
    });
  }
}

/** What Lambda itself needs to run a function: to write its log, and in a VPC to make network interfaces. */
function roleOf(scope: Construct, id: string, log: ILogGroup, within: boolean, roleName?: string): Role {
  const role = new Role(scope, id, {
    assumedBy: new ServicePrincipal("lambda.amazonaws.com"),
    ...(roleName === undefined ? {} : { roleName }),
  });
  const may = (actions: string[], resources: string[]) => role.addToPolicy(new PolicyStatement({ actions, resources }));
  may(["logs:CreateLogStream", "logs:PutLogEvents"], [log.logGroupArn]);
  if (!within) return role;
  may([...INTERFACES], ["*"]);
  // Lambda may, the function's own code may not.
  role.addToPolicy(
    new PolicyStatement({
      effect: Effect.DENY,
      actions: [...INTERFACES],
      resources: ["*"],
      conditions: { Null: { "lambda:SourceFunctionArn": "false" } },
    }),
  );
  return role;
}

const INTERFACES = [
  "ec2:CreateNetworkInterface",
  "ec2:DeleteNetworkInterface",
  "ec2:DescribeNetworkInterfaces",
  "ec2:DescribeSubnets",
  "ec2:AssignPrivateIpAddresses",
  "ec2:UnassignPrivateIpAddresses",
] as const;

function copying(files: Readonly<Record<string, string>>): ICommandHooks {
  return {
    beforeBundling: () => [],
    beforeInstall: () => [],
    afterBundling: (from, to) =>
      Object.entries(files).flatMap(([file, place]) => [
        `mkdir -p ${join(to, place, "..")}`,
        `cp -R ${join(from, file)} ${join(to, place)}`,
      ]),
  };
}
