import { useDisclosure } from "@mantine/hooks";
import { lazy, Suspense, useEffect, useMemo } from "react";
import { untilLoaded } from "../api/load-code.ts";
import { pressKey, useKeyList } from "./keys.ts";

const KeyHelp = lazy(
	untilLoaded(() => import("./key-help.tsx").then(({ KeyHelp: component }) => ({ default: component }))),
);

const always = [
	{ keys: "Ctrl+K", does: "Find devices, configurations, runs, pages and actions", group: "Anywhere" },
	{ keys: "j", does: "Next row", group: "In lists" },
	{ keys: "k", does: "Row before", group: "In lists" },
	{ keys: "x", does: "Choose the row", group: "In lists" },
	{ keys: "Enter", does: "Open the row", group: "In lists" },
];

/** Makes all keys work; `?` opens their list, whose script comes then. */
export function LazyKeyHelp() {
	const [opened, { open, close }] = useDisclosure();
	useKeyList(useMemo(() => [...always, { keys: "?", does: "This list", group: "Anywhere", run: open }], [open]));
	useEffect(() => {
		window.addEventListener("keydown", pressKey);
		return () => window.removeEventListener("keydown", pressKey);
	}, []);
	if (!opened) return null;
	return (
		<Suspense>
			<KeyHelp onClose={close} />
		</Suspense>
	);
}
