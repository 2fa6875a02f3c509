import { RunProgress } from "@netconductor/contracts/realtime/messages";
import type { Ephemeral } from "@netconductor/runtime/bus/ephemeral";
import { z } from "zod";

/** Topic of the news about runs: realtime pushes it on, the driver of the run wakes up. */
export const progressTopic = "run.progress";
/** Topic that tells workers at once what they would find out a moment later: a run was cancelled. */
export const cancelTopic = "run.cancel";

/** Topic that tells idle workers at once that there is work; they look for themselves, too. */
export const workTopic = "run.work";

export const RunCancelled = z.object({ run_id: z.string() });

/** Topic that tells a worker at once that it is to finish; its next renewal would, too. */
export const drainTopic = "worker.drain";
export const WorkerDrained = z.object({ worker_id: z.string() });

export interface Progress {
	operation(run_id: string, operation_id: string): void;
	output(run_id: string, seq: number): void;
	run(run_id: string): void;
	/** Steps of its procedure changed. */
	steps(run_id: string): void;
}

interface News {
	operation_ids: Set<string>;
	seq: number | undefined;
	run: boolean;
	steps: boolean;
}

const most_operations = 100;

/** Tells what changed in runs, gathered for a moment: many operations end in the same one. May be lost; the rows are what counts. */
export function createProgress(ephemeral: Pick<Ephemeral, "publish">, delay_ms = 50): Progress {
	const gathered = new Map<string, News>();
	let timer: NodeJS.Timeout | undefined;

	function newsOf(run_id: string): News {
		if (timer === undefined) timer = setTimeout(tell, delay_ms);
		let news = gathered.get(run_id);
		if (news === undefined) {
			news = { operation_ids: new Set(), seq: undefined, run: false, steps: false };
			gathered.set(run_id, news);
		}
		return news;
	}

	function tell(): void {
		timer = undefined;
		for (const [run_id, { operation_ids, seq, run, steps }] of gathered) {
			const ids = [...operation_ids];
			const parts = Math.max(1, Math.ceil(ids.length / most_operations));
			for (let part = 0; part < parts; part++) {
				const message: RunProgress = {
					run_id,
					...(seq !== undefined && { seq }),
					...(ids.length > 0 && {
						operation_ids: ids.slice(part * most_operations, (part + 1) * most_operations),
					}),
					...(run && { run: true }),
					...(steps && { steps: true }),
				};
				// Lost when the connection is down: who listens looks for itself after a gap.
				ephemeral.publish(progressTopic, message).catch(() => {});
			}
		}
		gathered.clear();
	}

	return {
		operation: (run_id, operation_id) => void newsOf(run_id).operation_ids.add(operation_id),
		output(run_id, seq) {
			newsOf(run_id).seq = seq;
		},
		run(run_id) {
			newsOf(run_id).run = true;
		},
		steps(run_id) {
			newsOf(run_id).steps = true;
		},
	};
}

/** The run that a message is about; undefined when it is none of ours. */
export function runOf(payload: unknown): string | undefined {
	return RunProgress.safeParse(payload).data?.run_id;
}
