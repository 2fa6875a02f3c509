import type { RunStep } from "@netconductor/contracts/tasks/procedure";
import type { Cli } from "./cli.ts";

/** Steps that ended may still be decided on. */
const readAnyway = 100;
const open = new Set<RunStep["status"]>(["pending", "running", "waiting", "unknown"]);

/** Steps of a procedure that have begun, in that order. */
export async function readSteps(cli: Cli, run_id: string, after = 0): Promise<RunStep[]> {
	const steps: RunStep[] = [];
	for (;;) {
		const query = { after: steps.at(-1)?.seq ?? after, page_size: 1000 };
		const { items } = await cli.clients.tasks.listRunSteps({ params: { id: run_id }, query });
		steps.push(...items);
		if (items.length < query.page_size) return steps;
	}
}

export interface StepsFollowing {
	/** Something may have changed. */
	look(): void;
	/** Looks once more, and waits until everything was told. @throws what the looking failed with */
	finish(): Promise<void>;
}

/** Tells of every step what it came to, once for each attempt and decision, while its procedure goes on: one look at a time, and only at what may have changed. */
export function followSteps(cli: Cli, run_id: string, onEnded: (step: RunStep) => void): StepsFollowing {
	const told = new Map<string, string>();
	let from = 0;
	let wanted = false;
	let looking: Promise<void> | undefined;

	async function lookAtAll(): Promise<void> {
		while (wanted) {
			wanted = false;
			const steps = await readSteps(cli, run_id, from);
			for (const step of steps) {
				const end = `${step.status} ${step.attempts} ${step.decision?.at}`;
				if (open.has(step.status) || told.get(step.id) === end) continue;
				told.set(step.id, end);
				onEnded(step);
			}
			const first = steps.find(({ status }) => open.has(status))?.seq ?? Number.POSITIVE_INFINITY;
			const last = steps.at(-1)?.seq ?? 0;
			from = Math.max(from, Math.min(first, last - readAnyway) - 1);
		}
	}

	function look(): Promise<void> {
		wanted = true;
		looking ??= lookAtAll().finally(() => {
			looking = undefined;
		});
		return looking;
	}

	return {
		// What goes wrong here goes wrong at the end, too, and is said then.
		look: () => void look().catch(() => undefined),
		async finish() {
			await looking?.catch(() => undefined);
			await look();
		},
	};
}
