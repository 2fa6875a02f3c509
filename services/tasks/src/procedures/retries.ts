import type { Retries } from "@netconductor/contracts/tasks/procedure";

const longest_ms = 3_600_000;

/** How long to wait before the next attempt after `tried` repetitions, in milliseconds. */
export function waitBefore({ delay_s, backoff }: Retries, tried: number): number {
	return Math.min(longest_ms, delay_s * 1000 * backoff ** tried);
}
