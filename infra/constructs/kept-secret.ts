import { RemovalPolicy } from "aws-cdk-lib";
import { PolicyStatement } from "aws-cdk-lib/aws-iam";
import type { IKey } from "aws-cdk-lib/aws-kms";
import { type ISecret, Secret, type SecretStringGenerator } from "aws-cdk-lib/aws-secretsmanager";
import type { Construct } from "constructs";
import { explain } from "./explain.ts";
import type { Part } from "./part.ts";

export interface KeptSecretProps {
  readonly description: string;
  readonly key: IKey;
  readonly generate: SecretStringGenerator;
  /** Why AWS does not rotate it, and who does; left out where it is rotated. */
  readonly notRotated?: string;
}

/** A secret of our own: made when the stack is, never in a template, kept when the stack goes. */
export class KeptSecret extends Secret {
  readonly #key: IKey;

  constructor(scope: Construct, id: string, { description, key, generate, notRotated }: KeptSecretProps) {
    super(scope, id, {
      description,
      encryptionKey: key,
      generateSecretString: generate,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#key = key;
    if (notRotated !== undefined)
      explain(this, { "HIPAA.Security-SecretsManagerRotationEnabled": notRotated, "AwsSolutions-SMG4": notRotated });
  }

  /** Lets a part read it. @returns its ARN, which the part has to be told */
  lend(part: Part): string {
    this.#key.grant(part, "kms:Decrypt");
    return lendSecret(this as ISecret, part);
  }
}

/** Lets a part read a secret, also one that is not ours: its key then is its owner's to open. @returns its ARN */
export function lendSecret(secret: ISecret, part: Part): string {
  part.grantPrincipal.addToPrincipalPolicy(
    new PolicyStatement({
      actions: ["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"],
      resources: [secret.secretFullArn ?? secret.secretArn],
    }),
  );
  return secret.secretArn;
}
