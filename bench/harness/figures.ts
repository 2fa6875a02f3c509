/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
	const sorted = values.toSorted((a, b) => a - b);
	const middle = Math.floor(sorted.length / 2);
	const [low = Number.NaN, high = Number.NaN] = [sorted[middle - 1], sorted[middle]];
	return sorted.length % 2 === 1 ? high : (low + high) / 2;
}

/** The value below which this share of all lies. NaN where there are none. */
export function quantile(values: readonly number[], share: number): number {
	const sorted = values.toSorted((a, b) => a - b);
	return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
}
