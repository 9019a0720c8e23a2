// No way out but what settings name; endpoints for every service; and flows are logged.
import { Match, Template } from "aws-cdk-lib/assertions";
import { describe, expect, test } from "vitest";
import { deployment, sample, templates } from "#test/support/deployment.ts";

const template = templates("minimal").network;
const routesOf = (of: Template) =>
  Object.values(of.findResources("AWS::EC2::Route")).map(({ Properties }) => Properties as Record<string, unknown>);

describe("a VPC of its own", () => {
  test("has private subnets alone, and no route but those that settings name", () => {
    template.resourceCountIs("AWS::EC2::Subnet", 2);
    template.resourceCountIs("AWS::EC2::InternetGateway", 0);
    template.resourceCountIs("AWS::EC2::NatGateway", 0);
    template.allResourcesProperties("AWS::EC2::Subnet", { MapPublicIpOnLaunch: false });
    const routes = routesOf(template);
    expect(routes).toHaveLength(2);
    for (const route of routes)
      expect(route).toMatchObject({
        DestinationCidrBlock: "10.20.0.0/16",
        VpcPeeringConnectionId: "pcx-0a1b2c3d4e5f60718",
      });
  });

  test("reaches the internet where settings say so, and nothing else there", () => {
    const settings = sample("minimal");
    const route = { to: "203.0.113.0/24", via: "internet" as const, ports: [443], why: "a target outside of AWS" };
    const { stacks } = deployment({ ...settings, network: { ...settings.network, routes: [route] } });
    const out = Template.fromStack(stacks.network);
    out.resourceCountIs("AWS::EC2::NatGateway", 2);
    const byNat = routesOf(out).filter((one) => one.NatGatewayId !== undefined);
    expect(byNat.map((one) => one.DestinationCidrBlock)).toEqual(["203.0.113.0/24", "203.0.113.0/24"]);
    // The subnets of the NAT gateways have a default route; a private one has none.
    const toAll = routesOf(out).filter((one) => one.DestinationCidrBlock === "0.0.0.0/0");
    for (const one of toAll) expect(one.NatGatewayId).toBeUndefined();
    expect(JSON.stringify(toAll)).not.toContain("private");
  });

  test("logs its flows, encrypted, for a year", () => {
    template.hasResourceProperties("AWS::EC2::FlowLog", { ResourceType: "VPC", TrafficType: "ALL" });
    template.hasResourceProperties("AWS::Logs::LogGroup", { RetentionInDays: 365, KmsKeyId: Match.anyValue() });
  });
});

describe.each(["minimal", "existing-aurora"] as const)("the endpoints, of %s", (name) => {
  const endpoints = Object.entries(templates(name).network.findResources("AWS::EC2::VPCEndpoint"));
  const serviceOf = (properties: { ServiceName: unknown }) =>
    JSON.stringify(properties.ServiceName).match(/\.([a-z0-9.-]+)"?\]?\]?\}?$/)?.[1];

  test("are there for every service that is used", () => {
    const services = endpoints.map(([, { Properties }]) => serviceOf(Properties)).sort();
    expect(services).toEqual([
      "dynamodb",
      "ecr.api",
      "ecr.dkr",
      "execute-api",
      "kms",
      "lambda",
      "logs",
      "s3",
      "secretsmanager",
      "states",
    ]);
  });

  test("carry nothing to another account", () => {
    for (const [id, { Properties }] of endpoints) {
      if (serviceOf(Properties) === "execute-api") continue;
      const allowed = JSON.stringify(Properties.PolicyDocument);
      expect(allowed, id).toContain(
        '"aws:PrincipalAccount":{"Ref":"AWS::AccountId"},"aws:ResourceAccount":{"Ref":"AWS::AccountId"}',
      );
    }
  });
});

test("a VPC that is there: no route is made, and rules name where traffic may go", () => {
  const { network, control } = templates("existing-aurora");
  network.resourceCountIs("AWS::EC2::VPC", 0);
  network.resourceCountIs("AWS::EC2::Route", 0);
  const groups = Object.values(control.findResources("AWS::EC2::SecurityGroup"));
  const apart = Object.values(control.findResources("AWS::EC2::SecurityGroupEgress"));
  const egress = [
    ...groups.flatMap(({ Properties }) => Properties.SecurityGroupEgress),
    ...apart.map((one) => one.Properties),
  ];
  expect(egress.map((rule: Record<string, unknown>) => rule.CidrIp ?? rule.DestinationPrefixListId)).toEqual([
    "10.20.0.0/16",
    "pl-6ea54007",
    "pl-66a5400f",
  ]);
});

interface Connected {
  readonly VpcConfig?: { readonly SecurityGroupIds?: unknown };
  readonly VpcEndpointType?: string;
  readonly SecurityGroupIds?: unknown;
  readonly NetworkConfiguration?: { readonly AwsvpcConfiguration: { readonly SecurityGroups?: unknown } };
  readonly SecurityGroups?: unknown;
  readonly HostedRotationLambda?: { readonly VpcSecurityGroupIds?: unknown };
}

/** Where each kind of resource names the groups of its network interfaces; undefined where it has none of those. */
const GROUPS: Readonly<Record<string, (one: Connected) => unknown>> = {
  "AWS::Lambda::Function": ({ VpcConfig: vpc }) => vpc && (vpc.SecurityGroupIds ?? []),
  "AWS::EC2::VPCEndpoint": ({ VpcEndpointType, SecurityGroupIds = [] }) =>
    VpcEndpointType === "Interface" ? SecurityGroupIds : undefined,
  "AWS::ECS::Service": ({ NetworkConfiguration: network }) => network?.AwsvpcConfiguration.SecurityGroups ?? [],
  "AWS::ElasticLoadBalancingV2::LoadBalancer": ({ SecurityGroups = [] }) => SecurityGroups,
  // Rotation by AWS's own function.
  "AWS::SecretsManager::RotationSchedule": ({ HostedRotationLambda: hosted }) =>
    hosted && (hosted.VpcSecurityGroupIds ?? []),
};

test("nothing is in a VPC's default security group: every network interface has a group of its own", {
  timeout: 120_000,
}, () => {
  const all = Object.entries(templates("three-targets"));
  const found = all.flatMap(([stack, one]) =>
    Object.entries(GROUPS).flatMap(([type, groupsOf]) =>
      Object.entries(one.findResources(type)).flatMap(([id, { Properties }]) => {
        const groups = groupsOf(Properties as Connected);
        return groups === undefined ? [] : [{ what: `${stack}/${id}`, type, groups }];
      }),
    ),
  );
  expect([...new Set(found.map(({ type }) => type))].sort()).toEqual(Object.keys(GROUPS).sort());
  for (const { what, groups } of found) expect(groups, what).not.toEqual([]);
});
