import { useRef } from "react";

/**
 * Answers how to give the focus back to where it was when this was made, unless it went elsewhere meanwhile. A drawer of the library does so by
 * itself only if it was there, closed, before it opened; a form that begins anew at each opening is not.
 */
export function useFocusBefore(): () => void {
	const before = useRef(document.activeElement);
	return () => {
		// What held the focus is taken away only after this is called.
		setTimeout(() => {
			const { activeElement, body } = document;
			const { current } = before;
			if ((activeElement === null || activeElement === body) && current instanceof HTMLElement) {
				current.focus({ preventScroll: true });
			}
		}, 20);
	};
}
