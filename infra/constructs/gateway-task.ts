// The task that is the gateway: one container, read-only, without a capability, with what it is told in one variable.
import { Duration, Stack } from "aws-cdk-lib";
import { Platform } from "aws-cdk-lib/aws-ecr-assets";
import {
  Capability,
  type Cluster,
  ContainerImage,
  CpuArchitecture,
  FargateTaskDefinition,
  LinuxParameters,
  LogDriver,
  OperatingSystemFamily,
} from "aws-cdk-lib/aws-ecs";
import { PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { ILogGroup } from "aws-cdk-lib/aws-logs";
import { Construct } from "constructs";
import { type Settings, STOP_TIMEOUT_SECONDS } from "../settings.ts";
import { explain } from "./explain.ts";
import { bundleProxy } from "./proxy-bundle.ts";

export const PORT = 6432;
export const ADMIN_PORT = 6434;
/** Where gateways reach each other. */
export const FLEET_PORT = 6436;
/** The one place that it writes to besides /tmp: spools of recordings, and the catalogs it remembers. Gone with the task. */
export const STATE = "/var/lib/postern";

export interface GatewayTaskProps {
  readonly cluster: Cluster;
  readonly size: Settings["proxy"];
  /** Folder of the policy bundle, and certificate authorities of targets by file name. */
  readonly policy: string;
  readonly authorities: Readonly<Record<string, string>>;
  readonly log: ILogGroup;
}

export class GatewayTask extends Construct {
  readonly definition: FargateTaskDefinition;
  readonly role: Role;
  readonly #props: GatewayTaskProps;

  constructor(scope: Construct, id: string, props: GatewayTaskProps) {
    super(scope, id);
    this.#props = props;
    this.role = new Role(this, "Role", { assumedBy: new ServicePrincipal("ecs-tasks.amazonaws.com") });
    this.definition = new FargateTaskDefinition(this, "Definition", {
      cpu: props.size.cpu,
      memoryLimitMiB: props.size.memory,
      runtimePlatform: { cpuArchitecture: CpuArchitecture.ARM64, operatingSystemFamily: OperatingSystemFamily.LINUX },
      taskRole: this.role,
      volumes: [{ name: "state" }, { name: "scratch" }],
    });
  }

  /** @param configuration of the gateway, which names what it was lent */
  run(configuration: object): void {
    const { policy, authorities, log } = this.#props;
    const linux = new LinuxParameters(this, "Linux", { initProcessEnabled: true });
    linux.dropCapabilities(Capability.ALL);
    const container = this.definition.addContainer("gateway", {
      image: ContainerImage.fromAsset(bundleProxy(policy, authorities).folder, { platform: Platform.LINUX_ARM64 }),
      environment: { POSTERN_CONFIG: Stack.of(this).toJsonString(configuration) },
      portMappings: [PORT, ADMIN_PORT, FLEET_PORT].map((containerPort) => ({ containerPort })),
      logging: LogDriver.awsLogs({ logGroup: log, streamPrefix: "gateway" }),
      readonlyRootFilesystem: true,
      user: "65532:65532",
      linuxParameters: linux,
      stopTimeout: Duration.seconds(STOP_TIMEOUT_SECONDS),
      healthCheck: {
        // The image has no shell.
        command: [
          "CMD",
          "/nodejs/bin/node",
          "-e",
          `fetch("http://127.0.0.1:${ADMIN_PORT}/healthz").then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))`,
        ],
        interval: Duration.seconds(15),
        timeout: Duration.seconds(5),
        retries: 3,
        startPeriod: Duration.seconds(60),
      },
    });
    explain(this.definition, {
      "AwsSolutions-ECS2":
        "the variable holds names and addresses, and no secret: secrets are named by ARN, and read by the task's role",
    });
    container.addMountPoints(
      { sourceVolume: "state", containerPath: STATE, readOnly: false },
      { sourceVolume: "scratch", containerPath: "/tmp", readOnly: false },
    );
  }

  may(actions: readonly string[], resource: string): void {
    this.role.addToPolicy(new PolicyStatement({ actions: [...actions], resources: [resource] }));
  }
}
