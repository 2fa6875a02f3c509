import { useBlocker } from "@tanstack/react-router";
import { useCallback, useEffect, useId } from "react";
import { unsaved } from "../../shell/unsaved.ts";

/**
 * Guards what is not saved yet: leaving the page asks first, and a session that ends meanwhile keeps it.
 * @returns says that it is saved now, for who leaves the page in the same breath
 */
export function useUnsaved(dirty: boolean): () => void {
	const id = useId();
	useEffect(() => unsaved.set(id, dirty), [id, dirty]);
	useEffect(() => () => unsaved.set(id, false), [id]);
	useBlocker({
		shouldBlockFn: ({ current, next }) =>
			unsaved.has(id) &&
			current.pathname !== next.pathname &&
			!window.confirm("Leave without saving what was changed?"),
		enableBeforeUnload: () => unsaved.has(id),
	});
	return useCallback(() => unsaved.set(id, false), [id]);
}
