/** What happened in a round, and when. */
export interface Timeline {
	add(what: string): void;
	/** Seconds since the round began. */
	seconds(): number;
	lines(): string[];
}

export function createTimeline(): Timeline {
	const started = performance.now();
	const lines: string[] = [];
	const seconds = () => (performance.now() - started) / 1_000;
	return {
		add: (what) => void lines.push(`${seconds().toFixed(1).padStart(6)} s  ${what}`),
		seconds,
		lines: () => lines.slice(),
	};
}
