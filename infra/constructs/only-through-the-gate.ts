// A database that only the gateway reaches: its security group lets in the gateway, and those whom settings name with a reason. It writes the log that
// `postern reconcile` reads, takes RDS IAM or a credential that is rotated, and what else can still reach it is said aloud.
import { Annotations, ArnFormat, CfnOutput, Duration, Stack } from "aws-cdk-lib";
import { Peer, Port, SecurityGroup, SubnetType, Vpc } from "aws-cdk-lib/aws-ec2";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { HostedRotation } from "aws-cdk-lib/aws-secretsmanager";
import { AwsCustomResource, AwsCustomResourcePolicy, PhysicalResourceId } from "aws-cdk-lib/custom-resources";
import { Construct } from "constructs";
import type { Settings } from "../settings.ts";
import type { NetworkStack } from "../stacks/network-stack.ts";
import { explain } from "./explain.ts";
import { KeptSecret } from "./kept-secret.ts";

type Target = Settings["targets"][string];
export interface OnlyThroughTheGateProps {
  readonly name: string;
  readonly target: Target & { readonly database: NonNullable<Target["database"]> };
  /** The role at the database that the gateway logs in as, and the database's name. */
  readonly login: { readonly user: string; readonly database: string };
  readonly network: NetworkStack;
  /** The proxy's. */
  readonly proxy: SecurityGroup;
  readonly secrets: IKey;
  /** Of the call that closes it. */
  readonly log: ILogGroup;
}

/** CDK's function that makes such calls; one for each stack. */
const CALLER = `AWS${AwsCustomResource.PROVIDER_FUNCTION_UUID.replaceAll("-", "")}`;

/** What no security group closes; who looks after the account has to. */
const STILL = [
  "the RDS Data API and the query editor, where they are on",
  "snapshots and exports, restored elsewhere",
  "read replicas and RDS Proxies with groups of their own",
  "zero-ETL integrations and logical replication",
  "whoever may change this database or its security groups",
];

export class OnlyThroughTheGate extends Construct {
  /** The credential, where Postern keeps it. */
  readonly secret: KeptSecret | null;
  readonly #props: OnlyThroughTheGateProps;

  constructor(scope: Construct, id: string, props: OnlyThroughTheGateProps) {
    super(scope, id);
    this.#props = props;
    const { name, target, network, proxy } = props;
    const { database, port } = target;
    const vpc =
      database.vpc === undefined
        ? network.vpc
        : Vpc.fromVpcAttributes(this, "Vpc", { vpcId: database.vpc, availabilityZones: network.vpc.availabilityZones });
    const group = new SecurityGroup(this, "Group", {
      vpc,
      description: `${name}: only through Postern`,
      allowAllOutbound: false,
    });
    proxy.connections.allowTo(group, Port.tcp(port), `the gateway to ${name}`);
    for (const { from, why } of database.others)
      group.addIngressRule(from.startsWith("sg-") ? Peer.securityGroupId(from) : Peer.ipv4(from), Port.tcp(port), why);
    this.close(group);
    this.secret = target.credential.rotateDays === undefined ? null : this.rotate(group, target.credential.rotateDays);
    this.report();
  }

  /** The group in place of all others; its log exported; RDS IAM on where it is used; an instance not public. */
  private close(group: SecurityGroup): void {
    const { cluster, instance } = this.#props.target.database;
    const common = {
      VpcSecurityGroupIds: [group.securityGroupId],
      CloudwatchLogsExportConfiguration: { EnableLogTypes: ["postgresql"] },
      EnableIAMDatabaseAuthentication: this.#props.target.credential.iam !== undefined,
      ApplyImmediately: true,
    };
    const call =
      cluster === undefined
        ? {
            action: "ModifyDBInstance",
            parameters: { ...common, DBInstanceIdentifier: instance, PubliclyAccessible: false },
          }
        : { action: "ModifyDBCluster", parameters: { ...common, DBClusterIdentifier: cluster } };
    const resource = Stack.of(this).formatArn({
      service: "rds",
      resource: cluster === undefined ? "db" : "cluster",
      resourceName: cluster ?? instance ?? "",
      arnFormat: ArnFormat.COLON_RESOURCE_NAME,
    });
    const closed = {
      service: "RDS",
      ...call,
      physicalResourceId: PhysicalResourceId.of(`${cluster ?? instance}-closed`),
    };
    // On deletion nothing is opened again: that is for whoever takes the gateway away (docs/operations.md).
    new AwsCustomResource(this, "Close", {
      resourceType: "Custom::OnlyThroughTheGate",
      onCreate: closed,
      onUpdate: closed,
      policy: AwsCustomResourcePolicy.fromStatements([
        new PolicyStatement({ actions: [`rds:${call.action}`], resources: [resource] }),
      ]),
      installLatestAwsSdk: false,
      logGroup: this.#props.log,
      timeout: Duration.minutes(5),
    });
    const managed =
      "CDK's own function: called by CloudFormation at a deployment and at no other time, and may change this one database";
    explain(Stack.of(this).node.findChild(CALLER), {
      "HIPAA.Security-LambdaDLQ": managed,
      "HIPAA.Security-LambdaInsideVPC": managed,
      "HIPAA.Security-LambdaConcurrency": managed,
      "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole]":
        managed,
    });
  }

  private rotate(database: SecurityGroup, days: number): KeptSecret {
    const { name, target, login, network, secrets } = this.#props;
    const secret = new KeptSecret(this, "Credential", {
      description: `What Postern logs in to ${name} with`,
      key: secrets,
      generate: {
        secretStringTemplate: JSON.stringify({
          engine: "postgres",
          host: target.host,
          port: target.port,
          dbname: login.database,
          username: login.user,
        }),
        generateStringKey: "password",
        passwordLength: 40,
        excludePunctuation: true,
      },
    });
    const rotator = new SecurityGroup(this, "Rotator", {
      vpc: network.vpc,
      description: `Rotates the credential of ${name}`,
      allowAllOutbound: false,
    });
    network.allowServices(rotator);
    rotator.connections.allowTo(database, Port.tcp(target.port), `rotation of the credential of ${name}`);
    secret.addRotationSchedule("Rotation", {
      automaticallyAfter: Duration.days(days),
      // It changes the password by the one that is in force: the first one is set by hand (docs/deploy.md).
      rotateImmediatelyOnUpdate: false,
      hostedRotation: HostedRotation.postgreSqlSingleUser({
        functionName: `${Stack.of(this).stackName}-rotate-${name}`,
        vpc: network.vpc,
        vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [rotator],
      }),
    });
    return secret;
  }

  private report(): void {
    const { name, target } = this.#props;
    const { cluster, instance, others } = target.database;
    const reach = [...others.map(({ from, why }) => `${from} (${why})`), ...STILL];
    Annotations.of(this).addInfo(`${name}: besides the gateway, these can still reach it: ${reach.join("; ")}`);
    const what =
      cluster === undefined
        ? `db-instances --db-instance-identifier ${instance}`
        : `db-clusters --db-cluster-identifier ${cluster}`;
    new CfnOutput(this, "AlsoReachableBy", {
      value: [...others.map(({ from }) => from), `see aws rds describe-${what}`].join(", "),
    });
  }
}
