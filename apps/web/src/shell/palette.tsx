import { Spotlight } from "@mantine/spotlight";
import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import { Icon } from "../ui/icon.tsx";
import { useMenu } from "./use-menu.ts";

/** Ctrl-K: everything that has a name, from anywhere. */
export function Palette() {
	const [query, setQuery] = useState("");
	const navigate = useNavigate();
	const wanted = query.trim().toLowerCase();
	const pages = useMenu()
		.flatMap((section) => section.pages)
		.filter(({ label }) => label.toLowerCase().includes(wanted));
	return (
		<Spotlight.Root query={query} onQueryChange={setQuery} shortcut="mod + K" scrollable maxHeight={480}>
			<Spotlight.Search placeholder="Device, page…" leftSection={<Icon name="search" />} aria-label="Find anything" />
			<Spotlight.ActionsList>
				<Spotlight.ActionsGroup label="Pages">
					{pages.map(({ to, label, icon }) => (
						<Spotlight.Action
							key={to}
							label={label}
							leftSection={<Icon name={icon} />}
							onClick={() => void navigate({ to })}
						/>
					))}
				</Spotlight.ActionsGroup>
				{pages.length === 0 && <Spotlight.Empty>Nothing of that name</Spotlight.Empty>}
			</Spotlight.ActionsList>
		</Spotlight.Root>
	);
}
