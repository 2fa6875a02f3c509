const listeners = new Set<() => void>();

/** Opens the palette from anywhere. */
export function openPalette(): void {
	for (const open of listeners) open();
}

export function onOpenPalette(open: () => void): () => void {
	listeners.add(open);
	return () => void listeners.delete(open);
}
