const places = new Set<string>();

/** Forms on this page that hold something not saved yet. */
export const unsaved = {
	set(place: string, holds: boolean): void {
		if (holds) places.add(place);
		else places.delete(place);
	},
	has: (place: string): boolean => places.has(place),
	any: (): boolean => places.size > 0,
};
