import { useState } from "react";

/**
 * What stands in the address, shown as it was chosen: the address follows a choice a moment later, and a box that is ticked is ticked at
 * once. A change of the address that nobody here chose, as by going back, is shown as it comes.
 * @returns what to show, and what to call with a choice beside changing the address
 */
export function useAtOnce<T extends string | boolean | undefined>(inAddress: T): [T, (choice: T) => void] {
	const [{ known, ahead }, setState] = useState<{ known: T; ahead: readonly T[] }>({ known: inAddress, ahead: [] });
	if (known !== inAddress) {
		const reached = ahead.indexOf(inAddress);
		setState({ known: inAddress, ahead: reached === -1 ? [] : ahead.slice(reached + 1) });
	}
	return [
		ahead.length === 0 ? known : (ahead.at(-1) as T),
		(choice) => setState((state) => ({ ...state, ahead: choice === state.known ? [] : [...state.ahead, choice] })),
	];
}
