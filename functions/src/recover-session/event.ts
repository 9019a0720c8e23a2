// What the function is called with: messages of its queue, each with what ECS says of a task; or a task by its name, for an operator.
import { z } from "zod";

const changeSchema = z.object({
  source: z.literal("aws.ecs"),
  "detail-type": z.literal("ECS Task State Change"),
  time: z.iso.datetime({ offset: true }),
  detail: z.object({
    taskArn: z.string().regex(/^arn:[^:]+:ecs:[^:]*:\d+:task\/[\w/-]+$/),
    lastStatus: z.string(),
    stoppedAt: z.iso.datetime({ offset: true }).optional(),
  }),
});

export const eventSchema = z.union([
  z.object({ Records: z.array(z.object({ messageId: z.string(), body: z.string() })) }),
  z.strictObject({ task: z.string().regex(/^[\w-]{1,128}$/) }),
]);
export type RecoverEvent = z.infer<typeof eventSchema>;

/** A task that runs no more, and since when. `null`: it does still. */
export type Stopped = { readonly task: string; readonly time: number } | null;

/** @throws when it is not what ECS says of a task */
export function readChange(body: string): Stopped {
  const { time, detail } = changeSchema.parse(JSON.parse(body));
  if (detail.lastStatus !== "STOPPED") return null;
  const task = detail.taskArn.slice(detail.taskArn.lastIndexOf("/") + 1);
  return { task, time: Date.parse(detail.stoppedAt ?? time) };
}
