import { setImmediate as turn } from "node:timers/promises";
import type { Database } from "@netconductor/runtime/db/database";
import type { Operation } from "../operation.ts";
import { walkChain } from "./chain.ts";
import { readHead, readLinks } from "./chain-store.ts";

/** Records looked at between two turns of the event loop; each may be some 200 kB. */
const batch = 100;

/** Recomputes the chain up to where it ended at the start, in constant memory and giving way to other work. */
export function verifyAudit({ db }: { db: Database }): Operation<"verifyAudit"> {
	return async ({ query, signal }) => {
		const walk = walkChain(query.expected_head);
		const answer = (fault?: { position: number; reason: string }) => ({
			intact: fault === undefined,
			records: walk.records,
			broken_at: fault?.position ?? null,
			reason: fault?.reason ?? null,
			head: walk.head,
		});

		let head = await readHead(db);
		for (;;) {
			signal.throwIfAborted();
			const links = await readLinks(db, walk.records, batch);
			// Records may be appended while this goes on: what is read is then before the head as it is by now.
			if ((links.at(-1)?.position ?? 0) > head.position) head = await readHead(db);
			for (const link of links) {
				if (link.position > head.position) {
					return answer({
						position: link.position,
						reason: `Record ${link.position} was put behind the end of the chain (${head.position})`,
					});
				}
				const fault = walk.step(link);
				if (fault !== undefined) return answer(fault);
			}
			if (links.length === 0 || (links.length < batch && walk.records >= head.position)) break;
			await turn();
		}
		return answer(walk.finish(head));
	};
}
