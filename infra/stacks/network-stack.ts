// Where it runs: private subnets, endpoints of every AWS service that is used, and no way out but those that settings name.
import { Aws, Stack, type StackProps } from "aws-cdk-lib";
import {
  CfnEIP,
  CfnNatGateway,
  CfnRoute,
  FlowLog,
  FlowLogDestination,
  FlowLogResourceType,
  GatewayVpcEndpointAwsService,
  type IInterfaceVpcEndpoint,
  InterfaceVpcEndpoint,
  InterfaceVpcEndpointAwsService,
  IpAddresses,
  type IVpc,
  Peer,
  Port,
  SecurityGroup,
  type Subnet,
  type SubnetConfiguration,
  SubnetType,
  Vpc,
} from "aws-cdk-lib/aws-ec2";
import { AnyPrincipal, PolicyStatement, Role, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import type { Construct } from "constructs";
import { explain } from "../constructs/explain.ts";
import { logGroup } from "../constructs/log-group.ts";
import type { Settings } from "../settings.ts";
import type { KeysStack } from "./keys-stack.ts";

/** What the proxy and the functions call, besides S3 and DynamoDB, the relay of the issuer's key set, and where settings ask for it Comprehend Medical. */
const SERVICES = {
  kms: InterfaceVpcEndpointAwsService.KMS,
  secrets: InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
  states: InterfaceVpcEndpointAwsService.STEP_FUNCTIONS,
  lambda: InterfaceVpcEndpointAwsService.LAMBDA,
  logs: InterfaceVpcEndpointAwsService.CLOUDWATCH_LOGS,
  ecr: InterfaceVpcEndpointAwsService.ECR,
  images: InterfaceVpcEndpointAwsService.ECR_DOCKER,
} as const;
const KEYS = InterfaceVpcEndpointAwsService.APIGATEWAY;
const TEXTS = InterfaceVpcEndpointAwsService.COMPREHEND_MEDICAL;

export interface NetworkProps extends StackProps {
  readonly keys: KeysStack;
  readonly network: Settings["network"];
  /** Whether free text is looked at by Comprehend Medical. */
  readonly comprehendMedical: boolean;
}

export class NetworkStack extends Stack {
  readonly vpc: IVpc;
  /** Of the endpoint that private APIs are reached by. */
  readonly apiEndpoint: IInterfaceVpcEndpoint;
  readonly #network: Settings["network"];
  readonly #cidr: string;

  constructor(scope: Construct, id: string, props: NetworkProps) {
    super(scope, id, props);
    const { create, existing } = props.network;
    this.#network = props.network;
    this.#cidr = (create ?? existing)?.cidr ?? "";
    if (create !== undefined) this.vpc = this.makeVpc(create, props) as IVpc;
    else if (existing !== undefined)
      this.vpc = Vpc.fromVpcAttributes(this, "Vpc", {
        vpcId: existing.vpc,
        vpcCidrBlock: existing.cidr,
        availabilityZones: existing.zones,
        isolatedSubnetIds: existing.subnets,
        isolatedSubnetRouteTableIds: existing.subnets.map(
          (_, i) => existing.routeTables[i % existing.routeTables.length] as string,
        ),
      });
    else throw new Error("settings name no network");
    this.apiEndpoint =
      existing === undefined || existing.endpoints === "create"
        ? this.makeEndpoints(props.comprehendMedical)
        : InterfaceVpcEndpoint.fromInterfaceVpcEndpointAttributes(this, "ApiEndpoint", {
            vpcEndpointId: existing.endpoints.executeApi,
            port: 443,
          });
    this.logFlows(props.keys);
  }

  /** Lets a security group reach the AWS services, and nothing else. */
  allowServices(group: SecurityGroup): void {
    const { existing } = this.#network;
    if (existing === undefined) {
      // The addresses of S3 and DynamoDB are not known here; the routes of these subnets lead to their endpoints, and nowhere else.
      group.addEgressRule(Peer.anyIpv4(), Port.tcp(443), "endpoints of AWS services");
      return;
    }
    group.addEgressRule(Peer.ipv4(existing.cidr), Port.tcp(443), "endpoints of AWS services");
    group.addEgressRule(Peer.prefixList(existing.prefixLists.s3), Port.tcp(443), "S3");
    group.addEgressRule(Peer.prefixList(existing.prefixLists.dynamodb), Port.tcp(443), "DynamoDB");
  }

  /** Lets a security group reach targets whose own groups nobody here makes: by the routes that settings name, or within a VPC that is there. */
  allowTargets(group: SecurityGroup, targets: readonly { readonly port: number; readonly database?: unknown }[]): void {
    for (const { to, ports, why } of this.#network.routes)
      for (const port of ports) group.addEgressRule(Peer.ipv4(to), Port.tcp(port), why);
    const { existing } = this.#network;
    if (existing === undefined) return;
    const ports = new Set(targets.filter(({ database }) => database === undefined).map(({ port }) => port));
    for (const port of ports) group.addEgressRule(Peer.ipv4(existing.cidr), Port.tcp(port), "targets in this VPC");
  }

  private makeVpc({ cidr, zones }: NonNullable<Settings["network"]["create"]>, { network }: NetworkProps): Vpc {
    const out = network.routes.some(({ via }) => via === "internet");
    const subnets: SubnetConfiguration[] = [{ name: "private", subnetType: SubnetType.PRIVATE_ISOLATED, cidrMask: 24 }];
    if (out) subnets.push({ name: "out", subnetType: SubnetType.PUBLIC, cidrMask: 28, mapPublicIpOnLaunch: false });
    const vpc = new Vpc(this, "Vpc", {
      ipAddresses: IpAddresses.cidr(cidr),
      maxAzs: zones,
      natGateways: 0,
      subnetConfiguration: subnets,
      restrictDefaultSecurityGroup: false,
    });
    explain(vpc, {
      "HIPAA.Security-VPCDefaultSecurityGroupClosed":
        "CloudFormation cannot change a default security group; nothing is in it: every network interface here has a group of its own, which a test asserts",
    });
    if (out)
      explain(vpc, {
        "HIPAA.Security-VPCNoUnrestrictedRouteToIGW":
          "the subnets of the NAT gateways alone have it, and nothing else is in them; private subnets have routes to what `network.routes` names only",
      });
    this.makeRoutes(vpc, network.routes);
    return vpc;
  }

  private logFlows(keys: KeysStack): void {
    new FlowLog(this, "Flows", {
      resourceType: FlowLogResourceType.fromVpc(this.vpc),
      destination: FlowLogDestination.toCloudWatchLogs(
        logGroup(this, "FlowLog", keys.service),
        new Role(this, "FlowLogRole", { assumedBy: new ServicePrincipal("vpc-flow-logs.amazonaws.com") }),
      ),
    });
  }

  /** A route for each range that settings name: by a NAT gateway in the same zone, a peering, or a transit gateway. */
  private makeRoutes(vpc: Vpc, routes: Settings["network"]["routes"]): void {
    const gateways = vpc.publicSubnets.map((subnet, i) => {
      const address = new CfnEIP(this, `OutAddress${i}`, { domain: "vpc" });
      return new CfnNatGateway(this, `Out${i}`, { subnetId: subnet.subnetId, allocationId: address.attrAllocationId });
    });
    vpc.isolatedSubnets.forEach((subnet, zone) => {
      routes.forEach(({ to, via }, i) => {
        new CfnRoute(this, `Route${i}Zone${zone}`, {
          routeTableId: (subnet as Subnet).routeTable.routeTableId,
          destinationCidrBlock: to,
          ...(via === "internet"
            ? { natGatewayId: (gateways[zone] as CfnNatGateway).attrNatGatewayId }
            : via.startsWith("pcx-")
              ? { vpcPeeringConnectionId: via }
              : { transitGatewayId: via }),
        });
      });
    });
  }

  private makeEndpoints(texts: boolean): InterfaceVpcEndpoint {
    const group = new SecurityGroup(this, "EndpointsGroup", {
      vpc: this.vpc,
      description: "Endpoints of AWS services: reached from within",
      allowAllOutbound: false,
    });
    group.addIngressRule(Peer.ipv4(this.#cidr), Port.tcp(443), "from within");
    for (const [id, service] of Object.entries({ S3: "S3", DynamoDb: "DYNAMODB" } as const)) {
      const endpoint = this.vpc.addGatewayEndpoint(id, { service: GatewayVpcEndpointAwsService[service] });
      endpoint.addToPolicy(ofThisAccount());
      if (id === "S3") endpoint.addToPolicy(imageLayers());
    }
    const make = (name: string, service: InterfaceVpcEndpointAwsService) => {
      const endpoint = new InterfaceVpcEndpoint(this, `Endpoint-${name}`, {
        vpc: this.vpc,
        service,
        subnets: { subnetType: SubnetType.PRIVATE_ISOLATED },
        securityGroups: [group],
        open: false,
      });
      // Whoever asks for a key set has no account: the API's own policy names this endpoint.
      if (service !== KEYS) endpoint.addToPolicy(ofThisAccount());
      return endpoint;
    };
    for (const [name, service] of Object.entries(SERVICES)) make(name, service);
    if (texts) make("texts", TEXTS);
    return make("keys", KEYS);
  }
}

/** An endpoint carries nothing to other accounts: what is stolen here cannot be put there. */
function ofThisAccount(): PolicyStatement {
  return new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: ["*"],
    resources: ["*"],
    conditions: { StringEquals: { "aws:PrincipalAccount": Aws.ACCOUNT_ID, "aws:ResourceAccount": Aws.ACCOUNT_ID } },
  });
}

/** ECR keeps the layers of images in a bucket of its own. */
function imageLayers(): PolicyStatement {
  return new PolicyStatement({
    principals: [new AnyPrincipal()],
    actions: ["s3:GetObject"],
    resources: [`arn:${Aws.PARTITION}:s3:::prod-${Aws.REGION}-starport-layer-bucket/*`],
  });
}
