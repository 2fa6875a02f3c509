interface Kept {
	text: string;
	/** Enter was pressed after it. */
	entered: boolean;
}

let kept: Kept | undefined;
let stop: (() => void) | undefined;

/**
 * Keeps what is typed until the palette takes it: its field is there only a moment after it was opened, and a letter that is lost finds
 * another device. Escape gives the keys back.
 */
export function keepKeys(onEscape: () => void): void {
	stop?.();
	const taken: Kept = { text: "", entered: false };
	function press(event: KeyboardEvent): void {
		if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
		if (event.key === "Escape") {
			takeKeys();
			onEscape();
			return;
		}
		if (event.key === "Enter") taken.entered = taken.text.trim() !== "";
		else if (event.key === "Backspace") taken.text = taken.text.slice(0, -1);
		else if (event.key.length === 1) taken.text += event.key;
		else return;
		event.preventDefault();
		event.stopPropagation();
	}
	window.addEventListener("keydown", press, true);
	kept = taken;
	stop = () => window.removeEventListener("keydown", press, true);
}

/** What was typed since the palette was opened; from now on keys go where they always do. */
export function takeKeys(): Kept {
	stop?.();
	const taken = kept ?? { text: "", entered: false };
	stop = undefined;
	kept = undefined;
	return taken;
}
