import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { untilLoaded } from "../api/load-code.ts";
import { afterFirstPage } from "./after-first-page.ts";
import { keepKeys, takeKeys } from "./palette/early-keys.ts";
import { onOpenPalette } from "./palette-door.ts";

const load = () => import("./palette/palette.tsx").then(({ Palette: component }) => ({ default: component }));
const Palette = lazy(untilLoaded(load));

/** Ctrl-K or ⌘-K, wherever one is, also in a field. The palette's own script comes after the first page's. */
export function LazyPalette() {
	const [opened, setOpened] = useState(false);
	const [asked, setAsked] = useState(false);
	const isOpened = useRef(false);
	useEffect(() => {
		const turn = (to: boolean) => {
			isOpened.current = to;
			setOpened(to);
			if (!to) return void takeKeys();
			setAsked(true);
			keepKeys(() => turn(false));
		};
		const open = () => turn(true);
		const press = (event: KeyboardEvent) => {
			if (event.key.toLowerCase() !== "k" || event.altKey || event.shiftKey || event.ctrlKey === event.metaKey) return;
			event.preventDefault();
			turn(!isOpened.current);
		};
		const stop = onOpenPalette(open);
		window.addEventListener("keydown", press);
		// Where it does not come, it is asked for again when it is opened.
		void afterFirstPage().then(() => load().catch(() => undefined));
		return () => {
			stop();
			takeKeys();
			window.removeEventListener("keydown", press);
		};
	}, []);
	if (!asked) return null;
	return (
		<Suspense>
			<Palette
				opened={opened}
				onClose={() => {
					isOpened.current = false;
					setOpened(false);
				}}
			/>
		</Suspense>
	);
}
