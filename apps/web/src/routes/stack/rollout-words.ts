import type { Rollout } from "@netconductor/contracts/tasks/model";
import { count } from "../../ui/words.ts";

const all = 50_000;

/** How a change spreads: "1 device first, then 10 at a time; stops when one fails". */
export function rolloutWords({ batch_sizes, most_failures, pause_after_first }: Rollout): string {
	const last = batch_sizes.at(-1) ?? all;
	const before = batch_sizes.slice(0, -1).map((size, index) => (index === 0 ? count(size, "device") : String(size)));
	const rest = last >= all ? (before.length === 0 ? "all devices at once" : "all others at once") : `${last} at a time`;
	const [first, ...more] = before;
	const spread =
		first === undefined
			? last >= all
				? rest
				: `${count(last, "device")} at a time`
			: `${first} first, ${[...more, rest].map((part) => `then ${part}`).join(", ")}`;
	const pause = pause_after_first ? "; waits for somebody's word after the first batch" : "";
	const stop = most_failures === 0 ? "stops when one fails" : `stops when more than ${most_failures} fail`;
	return `${spread}${pause}; ${stop}`;
}

/** "1, 10" as the sizes of batches; what is no number stays in for the contract to refuse. */
export function readBatchSizes(typed: string): number[] {
	return typed
		.split(/[\s,;]+/)
		.filter((part) => part !== "")
		.map(Number);
}
