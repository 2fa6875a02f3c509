const collator = new Intl.Collator("en", { numeric: true, sensitivity: "base" });

/** Orders names as people count: `core-2` before `core-10`, in upper or lower case. */
export function inNaturalOrder(one: string, other: string): number {
	return collator.compare(one, other);
}
