import { Kbd, Modal } from "@mantine/core";
import { useDisclosure } from "@mantine/hooks";
import { useEffect, useMemo } from "react";
import { pressKey, useKeyList, useKeys } from "./keys.ts";

const always = [
	{ keys: "Ctrl+K", does: "Find devices, configurations, runs, pages and actions", group: "Anywhere" },
	{ keys: "j", does: "Next row", group: "In lists" },
	{ keys: "k", does: "Row before", group: "In lists" },
	{ keys: "x", does: "Choose the row", group: "In lists" },
	{ keys: "Enter", does: "Open the row", group: "In lists" },
];

/** The list of all keys, which `?` opens, and the listener that makes them work. */
export function KeyHelp() {
	const [opened, { open, close }] = useDisclosure();
	const keys = useKeys();
	useKeyList(useMemo(() => [...always, { keys: "?", does: "This list", group: "Anywhere", run: open }], [open]));
	useEffect(() => {
		window.addEventListener("keydown", pressKey);
		return () => window.removeEventListener("keydown", pressKey);
	}, []);
	const groups = Map.groupBy(keys, ({ group }) => group);
	return (
		<Modal opened={opened} onClose={close} title="Keys" size="lg">
			<div className="nc-keys">
				{[...groups].map(([group, list]) => (
					<section key={group} aria-label={group}>
						<h2 className="nc-small nc-dim">{group}</h2>
						<dl>
							{list.map(({ keys: combination, does }) => (
								<div key={combination}>
									<dt>
										{combination.split(" ").map((key) => (
											<Kbd key={key} size="xs">
												{key}
											</Kbd>
										))}
									</dt>
									<dd>{does}</dd>
								</div>
							))}
						</dl>
					</section>
				))}
			</div>
		</Modal>
	);
}
