import { Kbd, TextInput } from "@mantine/core";
import { useHotkeys } from "@mantine/hooks";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { Icon } from "../ui/icon.tsx";

/** Search through all configurations, from anywhere: `/` leads here, Escape away. */
export function ConfigSearch() {
	const navigate = useNavigate();
	const field = useRef<HTMLInputElement>(null);
	const [q, setQ] = useState("");
	useHotkeys([["/", () => (document.querySelector<HTMLInputElement>("[data-search]") ?? field.current)?.focus()]]);
	return (
		<search style={{ minWidth: 0 }}>
			<form
				onSubmit={(event) => {
					event.preventDefault();
					if (q.trim().length >= 2) void navigate({ to: "/search", search: { q: q.trim() } });
				}}
			>
				<TextInput
					ref={field}
					size="xs"
					w={{ base: 170, sm: 280 }}
					aria-label="Search all configurations"
					placeholder="Search all configurations"
					value={q}
					maxLength={500}
					leftSection={<Icon name="search" size={14} />}
					rightSection={<Kbd size="xs">/</Kbd>}
					onChange={({ currentTarget }) => setQ(currentTarget.value)}
					onKeyDown={({ key, currentTarget }) => key === "Escape" && currentTarget.blur()}
				/>
			</form>
		</search>
	);
}
