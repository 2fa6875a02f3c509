import { useState } from "react";

/** Whether a drawer with a form is open. `key` is another at each opening, so that the form begins anew with what is known then. */
export function useDrawer() {
	const [{ opened, key }, set] = useState({ opened: false, key: 0 });
	return {
		opened,
		key,
		open: () => set((before) => ({ opened: true, key: before.key + 1 })),
		close: () => set((before) => ({ ...before, opened: false })),
	};
}
