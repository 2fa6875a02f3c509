import { setImmediate as nextTurn } from "node:timers/promises";

/**
 * Lets equal reads share one answer without ever giving an old one: only those join that came before the reading began, so each sees all
 * that was committed when it was asked. While one is read, later ones gather for the next, so that however many ask (every open page, when
 * a run ends), a question is read once at a time.
 */
export function createSharedReads<A>(): (question: string, read: () => Promise<A>) => Promise<A> {
	const gathering = new Map<string, Promise<A>>();
	const underWay = new Map<string, Promise<void>>();

	async function readNext(question: string, read: () => Promise<A>): Promise<A> {
		await underWay.get(question);
		// After this turn of the event loop: what was read from the sockets in the same one goes together.
		await nextTurn();
		const answer = gathering.get(question) as Promise<A>;
		gathering.delete(question);
		const settled = answer.then(ignore, ignore).then(() => void underWay.delete(question));
		underWay.set(question, settled);
		return read();
	}

	return (question, read) => {
		const joined = gathering.get(question);
		if (joined !== undefined) return joined;
		const answer = readNext(question, read);
		gathering.set(question, answer);
		return answer;
	};
}

function ignore(): void {}
