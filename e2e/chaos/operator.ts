import { setTimeout as sleep } from "node:timers/promises";
import type { Product } from "../src/product.ts";
import type { Timeline } from "./timeline.ts";

/** Whoever keeps the product running, as systemd does: starts it again when it is down, by a plain start and nothing else. */
export interface Operator {
	/** Ends the product in the given way, and has it started again after a pause. Resolves when it has ended. */
	takeDown(pause_ms: number, end: () => Promise<void>): Promise<void>;
	/** While it lasts, a start may fail. */
	obstruct(lasts_ms: number, obstacle: { begin(): Promise<void>; end(): Promise<void> }): Promise<void>;
	/** Resolves when the product is up. */
	settled(): Promise<void>;
	/** Starts that failed although nothing stood in the way, and ends that nobody asked for. */
	faults(): string[];
	/** Keeps nothing running any more. */
	dismiss(): Promise<void>;
}

export function createOperator({ server, url }: Product, timeline: Timeline): Operator {
	const faults: string[] = [];
	let dismissed = false;
	let obstacles = 0;
	let obstructed_at = Number.NEGATIVE_INFINITY;
	let takingDown = 0;
	let takenDown = 0;
	/** Somebody ended it, so nobody need wonder that it is down. */
	let expected = false;
	let start_at = 0;
	let up = true;

	const runs = () => {
		try {
			return server.pid() > 0;
		} catch {
			return false;
		}
	};
	const isReady = () =>
		fetch(`${url}/health/ready`).then(
			({ ok }) => ok,
			() => false,
		);
	/** Also a little after: what was begun under an obstacle may fail late. */
	const isObstructed = () => obstacles > 0 || performance.now() - obstructed_at < 2_000;

	async function keep(): Promise<void> {
		for (; !dismissed; await sleep(50)) {
			up = runs();
			if (up || takingDown > 0) continue;
			if (!expected) {
				expected = true;
				timeline.add("the main process ended by itself");
				faults.push(`the main process ended by itself: ${server.output().slice(-1_500)}`);
			}
			if (performance.now() >= start_at) await start();
		}
	}

	async function start(): Promise<void> {
		const before = takenDown;
		try {
			await server.start();
			timeline.add("started again");
			if (takenDown === before) expected = false;
		} catch (error) {
			start_at = performance.now() + 1_000;
			const excused = takenDown > before ? ": it was ended again" : isObstructed() ? ", as it may" : undefined;
			timeline.add(`a start failed${excused ?? ""}`);
			if (excused === undefined) faults.push(`a start failed: ${(error as Error).message.slice(-1_500)}`);
		}
	}
	const keeping = keep();

	return {
		async takeDown(pause_ms, end) {
			takingDown++;
			takenDown++;
			expected = true;
			try {
				await end();
			} finally {
				start_at = performance.now() + pause_ms;
				takingDown--;
			}
		},
		async obstruct(lasts_ms, { begin, end }) {
			obstacles++;
			try {
				await begin();
				await sleep(lasts_ms);
			} finally {
				await end();
				obstacles--;
				obstructed_at = performance.now();
			}
		},
		async settled() {
			for (const until = performance.now() + 120_000; performance.now() < until; await sleep(50)) {
				if (up && takingDown === 0 && runs() && (await isReady())) return;
			}
			throw new Error("the product did not come up");
		},
		faults: () => faults.slice(),
		async dismiss() {
			dismissed = true;
			await keeping;
		},
	};
}
