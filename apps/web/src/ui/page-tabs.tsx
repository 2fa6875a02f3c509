import { Tabs } from "@mantine/core";
import { type ReactNode, useEffect, useRef } from "react";

interface Tab<T extends string> {
	value: T;
	label: string;
	/** False where the role may not see it. */
	shown?: boolean;
	content: () => ReactNode;
}

/** Parts of a page, one at a time; which one is in the address. */
export function PageTabs<T extends string>({
	label,
	tabs,
	tab,
	onTab,
}: {
	label: string;
	tabs: readonly Tab<T>[];
	tab: T | undefined;
	onTab: (tab: T) => void;
}) {
	const list = useRef<HTMLDivElement>(null);
	const shown = tabs.filter((one) => one.shown !== false);
	const current = shown.find(({ value }) => value === tab) ?? shown[0];
	// On a narrow page the tabs are wider than it.
	// biome-ignore lint/correctness/useExhaustiveDependencies: once per tab
	useEffect(() => {
		list.current?.querySelector("[data-active]")?.scrollIntoView({ block: "nearest", inline: "nearest" });
	}, [current?.value]);
	if (current === undefined) return null;
	return (
		<Tabs value={current.value} onChange={(value) => value !== null && onTab(value as T)} keepMounted={false}>
			<Tabs.List ref={list} aria-label={label} className="nc-tabs">
				{shown.map((one) => (
					<Tabs.Tab key={one.value} value={one.value}>
						{one.label}
					</Tabs.Tab>
				))}
			</Tabs.List>
			<Tabs.Panel value={current.value} pt="sm">
				{current.content()}
			</Tabs.Panel>
		</Tabs>
	);
}
