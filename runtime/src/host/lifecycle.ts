import type { Log } from "../log.ts";

type Step = () => Promise<unknown> | unknown;

/** What must be begun in order, and ended in the reverse order of what was begun. */
export interface Lifecycle {
	/** Runs at `start`, in the order of the calls. */
	onStart(step: Step): void;
	/** Runs at `stop`, the latest first. Register it when the thing it ends exists. */
	onStop(name: string, step: Step): void;
	start(): Promise<void>;
	/** Ends all there is; what fails is logged and does not keep the rest from ending. */
	stop(): Promise<void>;
}

export function createLifecycle(log: Log): Lifecycle {
	const starting: Step[] = [];
	const stopping: { name: string; step: Step }[] = [];
	return {
		onStart: (step) => void starting.push(step),
		onStop: (name, step) => void stopping.push({ name, step }),
		async start() {
			for (const step of starting.splice(0)) await step();
		},
		async stop() {
			for (let last = stopping.pop(); last !== undefined; last = stopping.pop()) {
				const { name, step } = last;
				try {
					await step();
				} catch (err) {
					log.error({ err, part: name }, "did not end cleanly");
				}
			}
		},
	};
}
