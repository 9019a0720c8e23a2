// Wrapped keys of the sealed lane, one item for each session: outside of the bucket, so that one can be destroyed.
import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
} from "@aws-sdk/client-dynamodb";
import type { WrappedKeys } from "#shared/evidence/data-keys.ts";

export function dynamoWrappedKeys(client: DynamoDBClient, table: string): WrappedKeys {
  const itemOf = (session: string) => ({ TableName: table, Key: { session: { S: session } } });
  const get = async (session: string): Promise<Uint8Array | null> => {
    const { Item } = await client.send(new GetItemCommand({ ...itemOf(session), ConsistentRead: true }));
    return Item?.wrapped?.B ?? null;
  };
  return {
    get,
    async put(session, wrapped) {
      try {
        await client.send(
          new PutItemCommand({
            TableName: table,
            Item: { session: { S: session }, wrapped: { B: wrapped } },
            ConditionExpression: "attribute_not_exists(#session)",
            ExpressionAttributeNames: { "#session": "session" },
          }),
        );
      } catch (error) {
        if (!(error instanceof ConditionalCheckFailedException)) throw error;
        // An earlier attempt whose answer was lost.
        if (Buffer.compare((await get(session)) ?? Buffer.alloc(0), wrapped) !== 0)
          throw new Error(`session ${session} has another key already`);
      }
    },
    async destroy(session) {
      await client.send(new DeleteItemCommand(itemOf(session)));
    },
  };
}
