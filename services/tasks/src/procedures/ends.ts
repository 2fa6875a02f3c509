import type { WaitingFor } from "@netconductor/contracts/tasks/model";

/** How the walk through a procedure came to an end before its last step. Thrown by steps, met where the procedure is conducted. */

/** Nothing more is carried out. `unknown`: nobody knows what a write did. */
export class Stopped extends Error {
	readonly status: "succeeded" | "failed" | "cancelled" | "unknown";
	constructor(status: Stopped["status"], reason: string) {
		super(reason);
		this.status = status;
	}
}

/** What was changed is to be taken back. */
export class RollBack extends Error {}

/** It goes on later: when it is told to, or at a time. */
export class Suspended extends Error {
	readonly wait: { wake_at: Date | null; waiting_for: WaitingFor | null };
	constructor(wait: Suspended["wait"]) {
		super("the procedure waits");
		this.wait = wait;
	}
}

/** It goes on at once, in another pool: only workers of that one may carry out what comes next. */
export class Elsewhere extends Suspended {
	readonly worker_pool: string;
	constructor(worker_pool: string) {
		super({ wake_at: null, waiting_for: null });
		this.worker_pool = worker_pool;
	}
}

/** What it stands in came to an end without it: it is not carried on. Never leaves what stands around it. */
export class Halted extends Error {}

/** The procedure is another worker's, or this worker has to let go: whatever is under way here is dropped. */
export class LetGo extends Error {}

/** Of what has stopped: what nobody knows outweighs what is known, or it would be passed over. */
const stops = ["unknown", "cancelled", "failed", "succeeded"] as const;

/**
 * Of several ends that came at once, the one that counts: letting go, then taking back, then stopping, then going on elsewhere; all that only wait,
 * wait together.
 */
export function weightiest(ends: readonly unknown[]): unknown {
	const first = (is: (end: unknown) => boolean) => ends.find(is);
	const [letGo, back] = [LetGo, RollBack].map((kind) => first((end) => end instanceof kind));
	// Carried on later, it comes to the others again.
	const mistake = first((end) => ![Stopped, RollBack, Suspended, LetGo, Halted].some((kind) => end instanceof kind));
	for (const found of [letGo, mistake, back]) if (found !== undefined) return found;
	for (const status of stops) {
		const found = first((end) => end instanceof Stopped && end.status === status);
		if (found !== undefined) return found;
	}
	if (ends.every((end) => end instanceof Halted)) return ends[0];
	const elsewhere = first((end) => end instanceof Elsewhere);
	if (elsewhere !== undefined) return elsewhere;
	const waits = ends.filter((end) => end instanceof Suspended).map(({ wait }) => wait);
	const times = waits.flatMap(({ wake_at }) => (wake_at === null ? [] : [wake_at.getTime()]));
	// What a person can do something about is told first.
	const urgent = (kind: string | undefined) =>
		["decision", "approval", "next_step", "resume", "run", "time"].indexOf(kind ?? "");
	const told = waits.map(({ waiting_for }) => waiting_for).filter((waiting) => waiting !== null);
	told.sort((one, other) => urgent(one.kind) - urgent(other.kind));
	return new Suspended({
		wake_at: times.length === 0 ? null : new Date(Math.min(...times)),
		waiting_for: told[0] ?? null,
	});
}
