import { RemovalPolicy } from "aws-cdk-lib";
import {
  type Attribute,
  AttributeType,
  BillingMode,
  ProjectionType,
  StreamViewType,
  Table,
  TableEncryption,
} from "aws-cdk-lib/aws-dynamodb";
import type { IKey } from "aws-cdk-lib/aws-kms";
import type { Construct } from "constructs";
import { explain } from "./explain.ts";
import type { Part } from "./part.ts";

const READS = ["GetItem", "BatchGetItem", "Query", "Scan"] as const;
const WRITES = ["PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ConditionCheckItem"] as const;
export type TableAction = (typeof READS)[number] | (typeof WRITES)[number] | "DescribeTable";

export interface KeptTableProps {
  readonly key: IKey;
  readonly partition: Attribute;
  readonly sort?: Attribute;
  /** Attributes that have an index each, with the item's `id` as sort key. */
  readonly indexes?: readonly string[];
  /** The attribute `expires`, in seconds, takes items away after their time. */
  readonly expires: boolean;
  /** How far recovery reaches back; 35 days when left out. */
  readonly recoveryDays?: number;
}

export const text = (name: string): Attribute => ({ name, type: AttributeType.STRING });
export const number = (name: string): Attribute => ({ name, type: AttributeType.NUMBER });

/** A table that is encrypted with our key, can be restored to any second of the last weeks, and outlives its stack. */
export class KeptTable extends Table {
  readonly #key: IKey;

  constructor(
    scope: Construct,
    id: string,
    { key, partition, sort, indexes = [], expires, recoveryDays }: KeptTableProps,
  ) {
    super(scope, id, {
      partitionKey: partition,
      ...(sort === undefined ? {} : { sortKey: sort }),
      billingMode: BillingMode.PAY_PER_REQUEST,
      encryption: TableEncryption.CUSTOMER_MANAGED,
      encryptionKey: key,
      pointInTimeRecoverySpecification: {
        pointInTimeRecoveryEnabled: true,
        ...(recoveryDays === undefined ? {} : { recoveryPeriodInDays: recoveryDays }),
      },
      ...(expires ? { timeToLiveAttribute: "expires" } : {}),
      // Who changed which item, for whoever wants to watch it: keys alone.
      stream: StreamViewType.KEYS_ONLY,
      deletionProtection: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    this.#key = key;
    for (const name of indexes)
      this.addGlobalSecondaryIndex({
        indexName: name,
        partitionKey: text(name),
        sortKey: text("id"),
        projectionType: ProjectionType.ALL,
      });
    explain(this, {
      "HIPAA.Security-DynamoDBInBackupPlan":
        "point-in-time recovery is on and deletion protected; backup plans belong to the account, not to this stack",
    });
  }

  /** Lets a part do this with the table. @returns the table's name, which the part has to be told */
  lend(part: Part, ...actions: readonly TableAction[]): string {
    this.grant(part, ...actions.map((action) => `dynamodb:${action}`));
    const writes = actions.some((action) => (WRITES as readonly string[]).includes(action));
    this.#key.grant(part, "kms:Decrypt", "kms:DescribeKey", ...(writes ? ["kms:Encrypt", "kms:GenerateDataKey"] : []));
    return this.tableName;
  }
}
