// What the templates promise of the gateway's service, and of databases that only it reaches.
import { Match, type Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { sample, templates } from "#test/support/deployment.ts";
import { environmentOf } from "#test/support/task.ts";

const { proxy: template } = templates("minimal");
const existing = templates("existing-aurora").proxy;

describe("the gateway's task", () => {
  const [task] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
  const [container] = task?.Properties.ContainerDefinitions ?? [];

  test("runs on ARM64, read-only, as nobody, without a capability", () => {
    expect(task?.Properties).toMatchObject({
      NetworkMode: "awsvpc",
      RequiresCompatibilities: ["FARGATE"],
      RuntimePlatform: { CpuArchitecture: "ARM64", OperatingSystemFamily: "LINUX" },
    });
    expect(container).toMatchObject({
      ReadonlyRootFilesystem: true,
      User: "65532:65532",
      LinuxParameters: { Capabilities: { Drop: ["ALL"] } },
      MountPoints: [
        { ContainerPath: "/var/lib/postern", ReadOnly: false },
        { ContainerPath: "/tmp", ReadOnly: false },
      ],
    });
    expect(container.Privileged).not.toBe(true);
  });

  test("gets no secret in its environment, and logs encrypted", () => {
    expect(container.Environment.map(({ Name }: { Name: string }) => Name)).toEqual(["POSTERN_CONFIG"]);
    expect(container.Secrets).toBeUndefined();
    expect(JSON.stringify(container.Environment)).not.toMatch(/resolve:secretsmanager/);
    template.hasResourceProperties("AWS::Logs::LogGroup", { KmsKeyId: Match.anyValue(), RetentionInDays: 365 });
  });

  test("has time to drain: its grace, and what evidence needs, lie inside of the stop time-out", () => {
    expect(container.StopTimeout).toBe(120);
    const { limits } = JSON.parse(environmentOf(template).POSTERN_CONFIG as string);
    expect(limits).toEqual({ sessions: 500, graceSeconds: sample("minimal").proxy.graceSeconds });
    expect(limits.graceSeconds + 15).toBeLessThanOrEqual(container.StopTimeout);
  });
});

describe("the service", () => {
  test("has no public address, starts new tasks before it stops old ones, and goes back by itself", () => {
    template.hasResourceProperties("AWS::ECS::Service", {
      LaunchType: "FARGATE",
      EnableExecuteCommand: false,
      NetworkConfiguration: { AwsvpcConfiguration: { AssignPublicIp: "DISABLED" } },
      DeploymentConfiguration: {
        MinimumHealthyPercent: 100,
        MaximumPercent: 200,
        DeploymentCircuitBreaker: { Enable: true, Rollback: true },
      },
    });
  });

  test("scales on CPU, and on the connections of each task", () => {
    template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalableTarget", { MinCapacity: 2, MaxCapacity: 6 });
    template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalingPolicy", {
      TargetTrackingScalingPolicyConfiguration: {
        TargetValue: 60,
        PredefinedMetricSpecification: { PredefinedMetricType: "ECSServiceAverageCPUUtilization" },
      },
    });
    template.hasResourceProperties("AWS::ApplicationAutoScaling::ScalingPolicy", {
      TargetTrackingScalingPolicyConfiguration: Match.objectLike({
        TargetValue: 300,
        CustomizedMetricSpecification: {
          Metrics: Match.arrayWith([Match.objectLike({ Expression: "flows / tasks" })]),
        },
      }),
    });
  });
});

describe("the balancer", () => {
  test("is internal, passes TLS through, and asks /readyz", () => {
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::LoadBalancer", {
      Type: "network",
      Scheme: "internal",
    });
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::Listener", { Port: 5432, Protocol: "TCP" });
    template.hasResourceProperties("AWS::ElasticLoadBalancingV2::TargetGroup", {
      Port: 6432,
      Protocol: "TCP",
      HealthCheckPath: "/readyz",
      HealthCheckPort: "6434",
      HealthCheckProtocol: "HTTP",
      TargetGroupAttributes: Match.arrayWith([
        { Key: "deregistration_delay.timeout_seconds", Value: "300" },
        { Key: "preserve_client_ip.enabled", Value: "true" },
      ]),
    });
  });

  test("takes the ranges of clients that settings name; the gateway takes the balancer and other gateways alone", () => {
    const groups = template.findResources("AWS::EC2::SecurityGroup");
    const inline = Object.entries(groups).flatMap(([id, { Properties }]) =>
      ((Properties.SecurityGroupIngress ?? []) as { CidrIp: string }[]).map(({ CidrIp }) => [id.slice(0, -8), CidrIp]),
    );
    expect(inline).toEqual([["BalancerGroup", "10.0.0.0/8"]]);
    const apart = Object.values(template.findResources("AWS::EC2::SecurityGroupIngress"));
    type Rule = Readonly<Record<"GroupId" | "SourceSecurityGroupId", unknown>>;
    const from: Record<string, Rule> = Object.fromEntries(
      apart.map(({ Properties }) => [Properties.FromPort, Properties]),
    );
    expect(Object.keys(from)).toEqual(["6432", "6434", "6436"]);
    for (const { GroupId } of Object.values(from)) expect(JSON.stringify(GroupId)).toMatch(/Gateway/);
    for (const port of [6432, 6434]) expect(JSON.stringify(from[port]?.SourceSecurityGroupId)).toMatch(/BalancerGroup/);
    // The port of gateways to each other.
    expect(from[6436]?.SourceSecurityGroupId).toEqual(from[6436]?.GroupId);
    expect(JSON.parse(environmentOf(template).POSTERN_CONFIG as string).fleet.listen.port).toBe(6436);
  });
});

describe("the gateway's role", () => {
  const statements = (of: Template) =>
    Object.values(of.findResources("AWS::IAM::Policy"))
      .filter(({ Properties }) => JSON.stringify(Properties.Roles).includes("TaskRole"))
      .flatMap(({ Properties }) => Properties.PolicyDocument.Statement as Record<string, unknown>[]);
  const sealed = statements(template).filter(
    ({ Resource }) => JSON.stringify(Resource).includes("Sealed") && !JSON.stringify(Resource).includes("SealedKeys"),
  );

  test("can wrap what it seals, and is denied to unwrap it", () => {
    const kms = sealed.filter(({ Action }) => String(Action).includes("kms:"));
    expect(kms.map(({ Effect, Action }) => [Effect, [Action].flat().sort()])).toEqual([
      ["Allow", ["kms:DescribeKey", "kms:GenerateDataKey"]],
      ["Deny", ["kms:CreateGrant", "kms:Decrypt", "kms:ReEncryptFrom"]],
    ]);
  });

  test("can delete nothing of the evidence, and cannot sign the ledger", () => {
    const actions = statements(template).flatMap(({ Effect, Action }) => (Effect === "Allow" ? [Action].flat() : []));
    expect(
      actions.filter((action) => /s3:Delete|kms:Sign|dynamodb:DeleteItem|ByPass|Bypass/.test(String(action))),
    ).toEqual([]);
  });
});

describe("a database that only the gateway reaches", () => {
  test("has one security group: the gateway, and whom settings name with a reason", () => {
    existing.hasResourceProperties("AWS::EC2::SecurityGroup", {
      GroupDescription: "clinic: only through Postern",
      SecurityGroupIngress: [
        {
          SourceSecurityGroupId: "sg-0123456789abcdef0",
          FromPort: 5432,
          ToPort: 5432,
          IpProtocol: "tcp",
          Description: "the nightly export, which has an agreement of its own",
        },
      ],
    });
    existing.hasResourceProperties("AWS::EC2::SecurityGroupIngress", {
      FromPort: 5432,
      GroupId: { "Fn::GetAtt": [Match.stringLikeRegexp("^Targetclinic"), "GroupId"] },
      SourceSecurityGroupId: { "Fn::GetAtt": [Match.stringLikeRegexp("^Gateway"), "GroupId"] },
    });
  });

  test("takes that group in place of all others, exports its log, and takes RDS IAM", () => {
    const [call] = Object.values(existing.findResources("Custom::OnlyThroughTheGate"));
    const create = JSON.stringify(call?.Properties.Create);
    for (const part of [
      "ModifyDBCluster",
      "VpcSecurityGroupIds",
      "EnableLogTypes",
      "postgresql",
      "EnableIAMDatabaseAuthentication",
    ])
      expect(create).toContain(part);
    expect(call?.Properties.Delete).toBeUndefined();
  });

  test("says what else can still reach it", () => {
    const output = Object.entries(existing.findOutputs("*")).find(([id]) => id.includes("AlsoReachableBy"));
    expect(output?.[1].Value).toBe(
      "sg-0123456789abcdef0, see aws rds describe-db-clusters --db-cluster-identifier clinic",
    );
  });
});
