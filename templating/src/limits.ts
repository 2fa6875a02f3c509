/** What rendering one template with one set of variables may take. */
export interface RenderLimits {
	/** Steps of evaluation: one for each statement and expression. */
	fuel: number;
	/** Longest time for one set of variables. */
	time_ms: number;
	/** Longest time for all sets of one hand-over together. */
	total_time_ms: number;
	/** Longest text, and longest string on the way there, in UTF-16 units. */
	output_length: number;
	/** Elements that one list, mapping or range may have. */
	elements: number;
	/** Calls, includes and blocks within each other. */
	depth: number;
	/** Source of one template, in UTF-16 units. */
	source_length: number;
	/** Heap of the thread. */
	memory_mb: number;
}

export const defaultLimits: RenderLimits = {
	fuel: 20_000_000,
	time_ms: 5_000,
	total_time_ms: 60_000,
	output_length: 16 * 1024 * 1024,
	elements: 1_000_000,
	depth: 100,
	source_length: 1_500_000,
	memory_mb: 512,
};
