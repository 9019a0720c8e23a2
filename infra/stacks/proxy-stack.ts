// The gateway itself: a Fargate service without a public address, behind a network load balancer that passes its TLS through.
import { Annotations, ArnFormat, CfnOutput, Duration, Stack, type StackProps } from "aws-cdk-lib";
import { CfnScalableTarget, CfnScalingPolicy } from "aws-cdk-lib/aws-applicationautoscaling";
import { Peer, Port, SecurityGroup, SubnetType } from "aws-cdk-lib/aws-ec2";
import { Cluster, ContainerInsights, FargateService, type ICluster, PropagatedTagSource } from "aws-cdk-lib/aws-ecs";
import { NetworkLoadBalancer, type NetworkTargetGroup, Protocol } from "aws-cdk-lib/aws-elasticloadbalancingv2";
import { Effect, PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { LogGroup } from "aws-cdk-lib/aws-logs";
import { Secret } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { RETENTION_DAYS } from "../constructs/evidence-bucket.ts";
import { explain } from "../constructs/explain.ts";
import { ADMIN_PORT, FLEET_PORT, GatewayTask, PORT, STATE } from "../constructs/gateway-task.ts";
import { KeptSecret, lendSecret } from "../constructs/kept-secret.ts";
import { logGroup } from "../constructs/log-group.ts";
import { OnlyThroughTheGate } from "../constructs/only-through-the-gate.ts";
import type { Settings } from "../settings.ts";
import type { ControlStack } from "./control-stack.ts";
import type { DataStack } from "./data-stack.ts";
import type { IdentityStack } from "./identity-stack.ts";
import type { KeysStack } from "./keys-stack.ts";
import type { NetworkStack } from "./network-stack.ts";

/** Where clients connect. */
const CLIENT_PORT = 5432;
/** Why keys of pseudonyms and of subjects are not rotated by AWS. */
const COMPARED =
  "a new version makes other pseudonyms and other subject keys: whoever runs the gateway decides when, and old ones stay to be compared with (docs/operations.md)";

export interface ProxyProps extends StackProps {
  readonly keys: KeysStack;
  readonly network: NetworkStack;
  readonly data: DataStack;
  readonly identity: IdentityStack;
  readonly control: ControlStack;
  readonly settings: Settings;
}

export class ProxyStack extends Stack {
  readonly cluster: Cluster;
  readonly service: FargateService;
  readonly balancer: NetworkLoadBalancer;
  readonly targets: NetworkTargetGroup;
  readonly log: LogGroup;
  readonly #props: ProxyProps;
  readonly #task: GatewayTask;
  readonly #group: SecurityGroup;
  /** Of calls that deployments make. */
  readonly #callLog: LogGroup;

  constructor(scope: Construct, id: string, props: ProxyProps) {
    super(scope, id, props);
    this.#props = props;
    const { network, settings } = props;
    this.cluster = new Cluster(this, "Cluster", {
      vpc: network.vpc,
      containerInsightsV2: ContainerInsights.ENHANCED,
    });
    this.log = logGroup(this, "Log", props.keys.service);
    this.#group = new SecurityGroup(this, "Gateway", {
      vpc: network.vpc,
      description: "The gateway: from its balancer, to AWS services and targets",
      allowAllOutbound: false,
    });
    network.allowServices(this.#group);
    network.allowTargets(this.#group, Object.values(settings.targets));
    this.#group.connections.allowInternally(Port.tcp(FLEET_PORT), "one gateway to another");
    this.#task = new GatewayTask(this, "Task", {
      cluster: this.cluster,
      size: settings.proxy,
      policy: settings.policy,
      authorities: Object.fromEntries(
        Object.entries(settings.targets).flatMap(([name, { ca }]) => (ca === undefined ? [] : [[`${name}.pem`, ca]])),
      ),
      log: this.log,
    });
    this.#callLog = logGroup(this, "CallLog", props.keys.service);
    this.#task.run(this.configuration());
    this.service = this.makeService();
    const { balancer, targets } = this.makeBalancer();
    this.balancer = balancer;
    this.targets = targets;
    this.scale();
    new CfnOutput(this, "Address", { value: `${balancer.loadBalancerDnsName}:${CLIENT_PORT}` });
  }

  /** What the gateway is told. Each name in it comes from the call that also gives the permission. */
  private configuration(): object {
    const { identity, settings } = this.#props;
    const { issuer, audience, claims } = identity.issuer;
    const certificate = Secret.fromSecretCompleteArn(this, "Certificate", settings.proxy.certificate);
    return {
      listen: { host: "0.0.0.0", port: PORT },
      admin: { host: "0.0.0.0", port: ADMIN_PORT },
      policy: "/app/policy",
      state: STATE,
      tls: { secret: lendSecret(certificate, this.#task.role) },
      issuers: [{ issuer, audience, jwksUri: identity.keySet, claims }],
      limits: { sessions: settings.proxy.sessions, graceSeconds: settings.proxy.graceSeconds },
      targets: Object.fromEntries(
        Object.entries(settings.targets).map(([name, target]) => [name, this.placement(name, target)]),
      ),
      ...this.inspection(),
      aws: this.lent(),
      fleet: this.fleet(),
    };
  }

  /** Tasks pass requests to cancel to each other, and count their sessions together. */
  private fleet(): object {
    const actions = ["DescribeTable", "GetItem", "UpdateItem", "Scan"] as const;
    return {
      listen: { host: "0.0.0.0", port: FLEET_PORT },
      table: this.#props.data.fleet.lend(this.#task.role, ...actions),
      secret: this.ownKey(
        "Fleet",
        "What gateways know each other by: whoever has it, and is in their network, can hand them requests to cancel",
        "tasks with another version do not hear each other: whoever runs the gateway decides when, and deploys (docs/operations.md)",
      ),
    };
  }

  private inspection(): object {
    const { control, settings } = this.#props;
    if (control.detectPhi === null || settings.comprehendMedical === undefined) return {};
    const { functionArn } = control.detectPhi;
    this.#task.may(["lambda:InvokeFunction"], functionArn);
    return { comprehendMedical: { targets: settings.comprehendMedical.targets, function: functionArn } };
  }

  private lent(): object {
    const { data, control } = this.#props;
    const { role } = this.#task;
    this.#task.may(["lambda:InvokeFunction", "lambda:GetFunctionConfiguration"], control.request.functionArn);
    this.#task.may(["states:SendTaskSuccess"], control.workflow.stateMachineArn);
    return {
      bucket: data.bucket.lendToWrite(role, "events", "recordings", "sealed"),
      retentionDays: RETENTION_DAYS,
      tables: {
        journal: data.journal.lend(role, "DescribeTable", "GetItem", "PutItem", "Query", "BatchWriteItem"),
        revocations: data.revocations.lend(role, "DescribeTable", "Scan"),
        sealedKeys: data.sealedKeys.lend(role, "DescribeTable", "GetItem", "PutItem"),
      },
      keys: { sealed: this.lendToSeal() },
      secrets: {
        pseudonyms: this.ownKey("Pseudonyms", "Key of pseudonyms: whoever has it can try values"),
        subjects: this.ownKey("Subjects", "Key of the accounting of disclosures: whoever has it can ask for a patient"),
      },
      approvals: {
        table: data.approvals.lend(role, "DescribeTable", "GetItem", "BatchGetItem", "PutItem", "UpdateItem", "Query"),
        requestFunction: control.request.functionArn,
      },
    };
  }

  /** The gateway wraps what it seals, and can never unwrap it. @returns the key's ARN */
  private lendToSeal(): string {
    const { sealed } = this.#props.keys;
    sealed.grant(this.#task.role, "kms:GenerateDataKey", "kms:DescribeKey");
    this.#task.role.addToPolicy(
      new PolicyStatement({
        effect: Effect.DENY,
        actions: ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"],
        resources: [sealed.keyArn],
      }),
    );
    return sealed.keyArn;
  }

  private ownKey(id: string, description: string, notRotated = COMPARED): string {
    const secret = new KeptSecret(this, id, {
      description,
      key: this.#props.keys.secrets,
      generate: {
        secretStringTemplate: JSON.stringify({ version: 1 }),
        generateStringKey: "key",
        passwordLength: 64,
        excludePunctuation: true,
      },
      notRotated,
    });
    return secret.lend(this.#task.role);
  }

  private placement(name: string, target: Settings["targets"][string]): object {
    const { host, port, ca, database, credential } = target;
    const gate =
      database === undefined
        ? null
        : new OnlyThroughTheGate(this, `Target-${name}`, {
            name,
            target: { ...target, database },
            login: this.#props.settings.logins[name] as { user: string; database: string },
            network: this.#props.network,
            proxy: this.#group,
            secrets: this.#props.keys.secrets,
            log: this.#callLog,
          });
    if (gate === null)
      Annotations.of(this).addWarningV2(
        `postern:${name}-is-not-closed`,
        `${name}: settings name no database of RDS: nothing here closes the ways around the gateway to it`,
      );
    const place = { host, port, ...(ca === undefined ? {} : { caFile: `/app/ca/${name}.pem` }) };
    if (credential.iam !== undefined) {
      const user = this.#props.settings.logins[name]?.user ?? "";
      const arn = this.formatArn({
        service: "rds-db",
        resource: "dbuser",
        resourceName: `${credential.iam}/${user}`,
        arnFormat: ArnFormat.COLON_RESOURCE_NAME,
      });
      this.#task.may(["rds-db:connect"], arn);
      return { ...place, credential: { type: "rds-iam" } };
    }
    const secret =
      gate?.secret?.lend(this.#task.role) ??
      lendSecret(Secret.fromSecretCompleteArn(this, `Credential-${name}`, credential.secret ?? ""), this.#task.role);
    return { ...place, credential: { type: "secret", id: secret, field: "password" } };
  }

  private makeService(): FargateService {
    return new FargateService(this, "Service", {
      cluster: this.cluster as ICluster,
      taskDefinition: this.#task.definition,
      securityGroups: [this.#group],
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      assignPublicIp: false,
      // New tasks first, old ones drained after; a deployment whose tasks do not become healthy goes back by itself.
      minHealthyPercent: 100,
      maxHealthyPercent: 200,
      circuitBreaker: { rollback: true },
      healthCheckGracePeriod: Duration.seconds(90),
      enableExecuteCommand: false,
      propagateTags: PropagatedTagSource.SERVICE,
    });
  }

  private makeBalancer(): { balancer: NetworkLoadBalancer; targets: NetworkTargetGroup } {
    const { network, settings } = this.#props;
    const group = new SecurityGroup(this, "BalancerGroup", {
      vpc: network.vpc,
      description: "The balancer: from clients, to the gateway",
      allowAllOutbound: false,
    });
    for (const from of settings.network.clients)
      group.addIngressRule(Peer.ipv4(from), Port.tcp(CLIENT_PORT), "clients");
    for (const port of [PORT, ADMIN_PORT])
      group.connections.allowTo(this.#group, Port.tcp(port), "the balancer to the gateway");
    const balancer = new NetworkLoadBalancer(this, "Balancer", {
      vpc: network.vpc,
      vpcSubnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
      internetFacing: false,
      crossZoneEnabled: true,
      deletionProtection: true,
      securityGroups: [group],
    });
    const log =
      "access logs of this kind of balancer are of TLS listeners alone: flow logs say who connected, and the evidence who logged in";
    explain(balancer, {
      "HIPAA.Security-ELBLoggingEnabled": log,
      "AwsSolutions-ELB2": log,
    });
    const listener = balancer.addListener("Clients", { port: CLIENT_PORT, protocol: Protocol.TCP });
    explain(listener, {
      "HIPAA.Security-ELBv2ACMCertificateRequired":
        "PostgreSQL negotiates TLS inside of its own protocol: the gateway holds the certificate, and nobody logs in without TLS",
    });
    const targets = listener.addTargets("Gateways", {
      port: PORT,
      protocol: Protocol.TCP,
      targets: [this.service.loadBalancerTarget({ containerName: "gateway", containerPort: PORT })],
      // Sessions of a task that is to go have this long before it is told to stop; then `limits.graceSeconds`.
      deregistrationDelay: Duration.seconds(settings.proxy.drainSeconds),
      preserveClientIp: true,
      healthCheck: {
        protocol: Protocol.HTTP,
        port: String(ADMIN_PORT),
        path: "/readyz",
        healthyHttpCodes: "200",
        interval: Duration.seconds(10),
        healthyThresholdCount: 2,
        unhealthyThresholdCount: 3,
      },
    });
    return { balancer, targets };
  }

  /** On CPU, and on sessions: a session is a connection, and each task takes so many. */
  private scale(): void {
    const { tasks, sessions } = this.#props.settings.proxy;
    const scaling = this.service.autoScaleTaskCount({ minCapacity: tasks.least, maxCapacity: tasks.most });
    scaling.scaleOnCpuUtilization("Cpu", {
      targetUtilizationPercent: 60,
      scaleInCooldown: Duration.minutes(10),
      scaleOutCooldown: Duration.minutes(1),
    });
    const target = scaling.node.findAll().find((one) => one instanceof CfnScalableTarget) as CfnScalableTarget;
    const metric = (id: string, namespace: string, metricName: string, dimensions: Record<string, string>) => ({
      id,
      returnData: false,
      metricStat: {
        stat: "Average",
        metric: {
          namespace,
          metricName,
          dimensions: Object.entries(dimensions).map(([name, value]) => ({ name, value })),
        },
      },
    });
    new CfnScalingPolicy(this, "Connections", {
      policyName: `${this.stackName}-connections`,
      policyType: "TargetTrackingScaling",
      scalingTargetId: target.attrId,
      targetTrackingScalingPolicyConfiguration: {
        targetValue: Math.ceil(sessions * 0.6),
        scaleInCooldown: 600,
        scaleOutCooldown: 60,
        customizedMetricSpecification: {
          metrics: [
            metric("flows", "AWS/NetworkELB", "ActiveFlowCount", { LoadBalancer: this.balancer.loadBalancerFullName }),
            metric("tasks", "ECS/ContainerInsights", "RunningTaskCount", {
              ClusterName: this.cluster.clusterName,
              ServiceName: this.service.serviceName,
            }),
            { id: "each", label: "Connections of one task", expression: "flows / tasks", returnData: true },
          ],
        },
      },
    });
  }
}
