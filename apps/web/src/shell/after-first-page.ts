import { useEffect, useState } from "react";

// Long enough for a first page to be read from the server, short enough that nobody asks before.
const wait_ms = 1_500;

const passed = new Promise<void>((resolve) => {
	const soon = () =>
		setTimeout(() => ("requestIdleCallback" in window ? requestIdleCallback(() => resolve()) : resolve()), wait_ms);
	if (document.readyState === "complete") soon();
	else window.addEventListener("load", soon, { once: true });
});

/** Resolves when the first page has had the line and the processor for itself: what nobody needs at once is loaded then. */
export function afterFirstPage(): Promise<void> {
	return passed;
}

/** False until then. */
export function useAfterFirstPage(): boolean {
	const [is_after, setAfter] = useState(false);
	useEffect(() => {
		let here = true;
		void passed.then(() => here && setAfter(true));
		return () => {
			here = false;
		};
	}, []);
	return is_after;
}
