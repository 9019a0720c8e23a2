// The keys. One for each purpose, so that a permission for one says nothing of another.
import { Aws, CfnOutput, RemovalPolicy, Stack, type StackProps } from "aws-cdk-lib";
import { AnyPrincipal, Effect, PolicyStatement, ServicePrincipal } from "aws-cdk-lib/aws-iam";
import { Key, KeySpec, KeyUsage } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";

export interface KeysProps extends StackProps {
  /** Name of the deployment. */
  readonly name: string;
  /** ARNs of further roles that may open what is sealed, without asking anybody. */
  readonly openers: readonly string[];
}

export class KeysStack extends Stack {
  /** Evidence at rest. */
  readonly evidence: Key;
  /** Wraps the data keys of sealed originals: the gateway makes them, and cannot unwrap one. */
  readonly sealed: Key;
  /** Credentials of targets, secrets of the gateway. */
  readonly secrets: Key;
  /** Signs the heads of the ledger. */
  readonly ledger: Key;
  /** Tables, logs, queues, alarms: what the system needs to run. */
  readonly service: Key;
  /** Name of the role of the function that opens what is sealed for two officers: the key knows it before there is one. */
  readonly openerRole: string;

  constructor(scope: Construct, id: string, props: KeysProps) {
    super(scope, id, props);
    this.evidence = this.makeKey("Evidence", "Encrypts Postern's evidence at rest");
    this.secrets = this.makeKey("Secrets", "Encrypts the credentials that Postern keeps");
    this.sealed = this.makeKey("Sealed", "Wraps the data keys of Postern's sealed originals");
    this.openerRole = `${props.name}-officers-${Aws.REGION}`;
    const officers = this.formatArn({ service: "iam", region: "", resource: "role", resourceName: this.openerRole });
    this.sealed.addToResourcePolicy(this.onlyOpeners([officers, ...props.openers]));
    this.service = this.makeKey("Service", "Encrypts Postern's tables, logs, queues and alarms at rest");
    this.admitServices();
    // An asymmetric key cannot be rotated by KMS: a new ledger key is a new signer, which docs/operations.md describes.
    this.ledger = new Key(this, "Ledger", {
      description: "Signs the heads of Postern's ledger",
      keySpec: KeySpec.ECC_NIST_EDWARDS25519,
      keyUsage: KeyUsage.SIGN_VERIFY,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    new CfnOutput(this, "LedgerKey", { value: this.ledger.keyArn });
  }

  private makeKey(id: string, description: string): Key {
    return new Key(this, id, { description, enableKeyRotation: true, removalPolicy: RemovalPolicy.RETAIN });
  }

  /** Whatever a role's own policy says: nobody unwraps but who is named. */
  private onlyOpeners(openers: readonly string[]): PolicyStatement {
    return new PolicyStatement({
      sid: "OnlyOpeners",
      effect: Effect.DENY,
      principals: [new AnyPrincipal()],
      actions: ["kms:Decrypt", "kms:ReEncryptFrom", "kms:CreateGrant"],
      resources: ["*"],
      conditions: { ArnNotEquals: { "aws:PrincipalArn": [...openers] } },
    });
  }

  /** EventBridge is let in by CDK with each queue and topic that it feeds: without a condition, which it does not meet at encrypted ones. Queues take events of this account alone. */
  private admitServices(): void {
    const use = [
      "kms:Encrypt",
      "kms:Decrypt",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
      "kms:GenerateDataKey",
      "kms:DescribeKey",
    ];
    const mine = { StringEquals: { "aws:SourceAccount": Aws.ACCOUNT_ID } };
    const admit = (sid: string, service: string, conditions: Record<string, Record<string, string>>) =>
      this.service.addToResourcePolicy(
        new PolicyStatement({
          sid,
          principals: [new ServicePrincipal(service)],
          actions: use,
          resources: ["*"],
          conditions,
        }),
      );
    admit("Logs", `logs.${Aws.REGION}.amazonaws.com`, {
      ArnLike: { "kms:EncryptionContext:aws:logs:arn": `arn:${Aws.PARTITION}:logs:${Aws.REGION}:${Aws.ACCOUNT_ID}:*` },
    });
    admit("Alarms", "cloudwatch.amazonaws.com", mine);
  }
}
