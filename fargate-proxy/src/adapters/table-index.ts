// The index of sessions of the AWS home, for reading.
import { DynamoDBClient } from "@aws-sdk/client-dynamodb";
import { awsTimes } from "#functions/adapters/clients.ts";
import { DynamoIndex } from "#functions/adapters/dynamo-index.ts";

const TIMES = { attemptMs: 20_000, attempts: 4 };

/** The index that `index-segment` keeps: dynamodb:Query, GetItem and BatchGetItem of the table. */
export function tableReader(table: string): DynamoIndex {
  return new DynamoIndex(new DynamoDBClient(awsTimes(TIMES)), table);
}
