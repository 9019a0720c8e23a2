// The whole, put together: stacks compose, constructs own.
import { type App, Validations } from "aws-cdk-lib";
import { HIPAASecurityChecks } from "cdk-nag";
import { ExplainedChecks, explain } from "./constructs/explain.ts";
import type { Settings } from "./settings.ts";
import { AuditStack } from "./stacks/audit-stack.ts";
import { ControlStack } from "./stacks/control-stack.ts";
import { DataStack } from "./stacks/data-stack.ts";
import { FlowStack } from "./stacks/flow-stack.ts";
import { IdentityStack } from "./stacks/identity-stack.ts";
import { KeysStack } from "./stacks/keys-stack.ts";
import { NetworkStack } from "./stacks/network-stack.ts";
import { ProxyStack } from "./stacks/proxy-stack.ts";
import { WatchStack } from "./stacks/watch-stack.ts";

/** Adds all stacks to the app, and the rules that they are held against. They know no account and no region. */
export function postern(app: App, settings: Settings) {
  const called = (what: string, description: string) =>
    [`${settings.name}${what}`, { description: `Postern: ${description}`, terminationProtection: true }] as const;
  const make = <P extends object, S>(
    Kind: new (scope: App, id: string, props: P & { description: string }) => S,
    what: string,
    description: string,
    props: P,
  ): S => {
    const [id, common] = called(what, description);
    return new Kind(app, id, { ...common, ...props });
  };
  const keys = make(KeysStack, "Keys", "the keys, one for each purpose", {
    name: settings.name,
    openers: settings.evidence.openers,
  });
  const network = make(NetworkStack, "Network", "private subnets, endpoints, flow logs", {
    keys,
    network: settings.network,
    comprehendMedical: settings.comprehendMedical !== undefined,
  });
  const data = make(DataStack, "Data", "evidence, written once and kept for six years; tables", {
    keys,
    evidence: settings.evidence,
  });
  const identity = make(IdentityStack, "Identity", "who vouches for identities", {
    keys,
    identity: settings.identity,
    apiEndpoint: network.apiEndpoint,
  });
  const control = make(ControlStack, "Control", "what asks and answers", {
    keys,
    network,
    data,
    issuer: identity.issuer,
    settings,
  });
  const proxy = make(ProxyStack, "Proxy", "the gateway itself", { keys, network, data, identity, control, settings });
  const flow = make(FlowStack, "Flow", "what follows the evidence: ledger, index, recovery", {
    keys,
    network,
    data,
    proxy,
    ledger: settings.ledger,
    witnesses: settings.witnesses,
  });
  const audit = make(AuditStack, "Audit", "where auditors ask", {
    keys,
    data,
    targets: Object.keys(settings.targets),
    auditors: settings.evidence.auditors,
  });
  const watch = make(WatchStack, "Watch", "alarms and a dashboard", {
    keys,
    data,
    identity,
    control,
    flow,
    proxy,
    settings,
  });
  explain(app, {
    "HIPAA.Security-IAMNoInlinePolicy":
      "each role belongs to one function, task or service, and its policy to that role alone: test/infra/roles.txt lists every statement",
  });
  Validations.of(app).addPlugins(new HIPAASecurityChecks(app), new ExplainedChecks(app));
  return { keys, network, data, identity, control, flow, proxy, audit, watch };
}
