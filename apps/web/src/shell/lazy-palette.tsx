import { lazy, Suspense, useEffect, useState } from "react";
import { untilLoaded } from "../api/load-code.ts";
import { afterFirstPage } from "./after-first-page.ts";
import { onOpenPalette } from "./palette-door.ts";

const load = () => import("./palette/palette.tsx").then(({ Palette: component }) => ({ default: component }));
const Palette = lazy(untilLoaded(load));

/** Ctrl-K or ⌘-K, wherever one is, also in a field. The palette's own script comes after the first page's. */
export function LazyPalette() {
	const [opened, setOpened] = useState(false);
	const [asked, setAsked] = useState(false);
	useEffect(() => {
		const open = () => {
			setAsked(true);
			setOpened(true);
		};
		const press = (event: KeyboardEvent) => {
			if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || event.ctrlKey === event.metaKey) return;
			event.preventDefault();
			setAsked(true);
			setOpened((before) => !before);
		};
		const stop = onOpenPalette(open);
		window.addEventListener("keydown", press);
		// Where it does not come, it is asked for again when it is opened.
		void afterFirstPage().then(() => load().catch(() => undefined));
		return () => {
			stop();
			window.removeEventListener("keydown", press);
		};
	}, []);
	if (!asked) return null;
	return (
		<Suspense>
			<Palette opened={opened} onClose={() => setOpened(false)} />
		</Suspense>
	);
}
