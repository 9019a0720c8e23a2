// What became of approvals, wherever people answered: the gateway's own log keeps it.
import type { ApprovalNews } from "#shared/approval/store.ts";
import type { EvidenceEvent } from "#shared/evidence/event.ts";

export function newsEvents(news: ApprovalNews): EvidenceEvent[] {
  switch (news.type) {
    case "request": {
      const { request, status } = news.state;
      const { id, digest, facts, requester, target } = request;
      return news.changes.map((change) => ({
        type: "approval.changed",
        id,
        digest,
        factsDigest: facts,
        requester: requester.name,
        target,
        status,
        change,
      }));
    }
    case "break-glass": {
      const { glass, until } = news.state;
      const { id, target, by, reason } = glass;
      return news.changes.map((change) => ({
        type: "break-glass.changed",
        id,
        target,
        by: by.name,
        reason,
        until,
        change,
      }));
    }
    case "review": {
      const { id, from: since, until, head, totals, sample, dueAt } = news.state.review;
      const sessions = sample.map((one) => one.session);
      return news.changes.map((change) => ({
        type: "activity-review.changed",
        id,
        since,
        until,
        head,
        totals,
        sample: sessions,
        dueAt,
        change,
      }));
    }
    case "incident": {
      const { type: what, at, why, request, by, channel } = news.incident;
      return [
        {
          type: "approval.incident",
          what,
          at,
          why,
          channel,
          ...(request === undefined ? {} : { request }),
          ...(by === undefined ? {} : { by }),
        },
      ];
    }
  }
}
