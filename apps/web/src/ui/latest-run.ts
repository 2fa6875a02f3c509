let latest: string | undefined;

export function noteRun(run_id: string): void {
	latest = run_id;
}

/** The run that was started last in this tab: a key leads there, as its message goes before Tab has come to it. */
export function latestRun(): string | undefined {
	return latest;
}
