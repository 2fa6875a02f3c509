import { LRUCache } from "lru-cache";
import type { Answer } from "./call.ts";
import { createSharedReads } from "./shared-reads.ts";

/** Most that a service keeps, in characters of its answers and their questions. */
const mostKept = 16 * 1024 * 1024;
/** What an answer takes besides its text, about. */
const besides = 200;

export type KeptAnswers = (question: string, read: () => Promise<Answer>) => Promise<Answer>;

/**
 * Keeps answers for as long as what they are made of stays as it is; the least asked for go first. `state` tells that it has: the same text, only if
 * every answer read since it was first told would be the same. It is asked at each question, before anything is read, so that no answer is older
 * than its question; those that come together ask it once.
 */
export function createKeptAnswers(state: () => Promise<string>, most = mostKept): KeptAnswers {
	const kept = new LRUCache<string, { state: string; answer: Answer }>({
		maxSize: most,
		sizeCalculation: ({ answer }, question) => answer.payload.length + question.length + besides,
	});
	const sharedState = createSharedReads<string>();

	return async (question, read) => {
		const now = await sharedState("state", state);
		const known = kept.get(question);
		if (known?.state === now) return known.answer;
		const answer = await read();
		kept.set(question, { state: now, answer });
		return answer;
	};
}
