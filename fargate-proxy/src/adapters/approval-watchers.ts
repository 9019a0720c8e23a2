// Who waits for what becomes of a request: each is told of each change once.
import type { ApprovalState } from "#shared/approval/types.ts";
import type { ApprovalListener } from "../ports/approvals.ts";

interface Watcher {
  readonly listener: ApprovalListener;
  /** How much of the history it knows. */
  seen: number;
}

export class ApprovalWatchers {
  readonly #watchers = new Map<string, Set<Watcher>>();

  /** Requests that somebody watches. */
  get ids(): readonly string[] {
    return [...this.#watchers.keys()];
  }

  /** @returns what stops it */
  add(id: string, listener: ApprovalListener): () => void {
    const watcher: Watcher = { listener, seen: 0 };
    const all = this.#watchers.get(id) ?? new Set();
    this.#watchers.set(id, all.add(watcher));
    return () => {
      all.delete(watcher);
      if (all.size === 0 && this.#watchers.get(id) === all) this.#watchers.delete(id);
    };
  }

  tell(state: ApprovalState): void {
    for (const watcher of [...(this.#watchers.get(state.request.id) ?? [])]) {
      const changes = state.history.slice(watcher.seen);
      watcher.seen = Math.max(watcher.seen, state.history.length);
      if (changes.length > 0) watcher.listener(state, changes);
    }
  }
}
