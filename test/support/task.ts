// The environment of the gateway's container as ECS would give it: what deployment knows only, as plausible text.
import type { Template } from "aws-cdk-lib/assertions";

const ARN = /Arn$|^Workflow/;

export function environmentOf(template: Template): Record<string, string> {
  const [task] = Object.values(template.findResources("AWS::ECS::TaskDefinition"));
  const pairs = (task?.Properties.ContainerDefinitions[0].Environment ?? []) as { Name: string; Value: unknown }[];
  return Object.fromEntries(pairs.map(({ Name, Value }) => [Name, resolved(Value)]));
}

function resolved(value: unknown): string {
  if (typeof value === "string") return value;
  const [[key, inner] = ["", null]] = Object.entries(value as object);
  if (key === "Fn::Join") return (inner as [string, unknown[]])[1].map(resolved).join((inner as [string])[0]);
  if (key === "Fn::GetAtt" || key === "Ref" || key === "Fn::ImportValue") {
    const name = typeof inner === "object" && !Array.isArray(inner) ? resolved(inner) : [inner].flat().join("-");
    if (name === "AWS::Region") return "eu-central-1";
    if (name === "AWS::Partition") return "aws";
    if (name === "AWS::AccountId") return "111122223333";
    const plain = name.replaceAll(/[^A-Za-z0-9-]/g, "-");
    return ARN.test(name) ? `arn:aws:service:eu-central-1:111122223333:${plain}` : plain;
  }
  throw new Error(`an intrinsic that nobody expected: ${key}`);
}
