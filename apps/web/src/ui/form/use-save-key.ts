import { useEffect, useMemo, useRef } from "react";
import { useKeyList } from "../../shell/keys.ts";

/** Ctrl-S saves, wherever the focus is. `group` is what the list of keys calls the page. */
export function useSaveKey(enabled: boolean, group: string, save: () => void): void {
	const latest = useRef(save);
	latest.current = save;
	useEffect(() => {
		if (!enabled) return;
		const listen = (event: KeyboardEvent) => {
			if (event.key.toLowerCase() !== "s" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey)
				return;
			event.preventDefault();
			latest.current();
		};
		window.addEventListener("keydown", listen);
		return () => window.removeEventListener("keydown", listen);
	}, [enabled]);
	useKeyList(useMemo(() => (enabled ? [{ keys: "Ctrl S", does: "Save", group }] : []), [enabled, group]));
}
