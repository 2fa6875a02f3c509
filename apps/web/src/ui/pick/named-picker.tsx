import { Select } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

const searchAfter_ms = 200;
/** How many a picker offers at once. */
export const mostOffered = 50;

interface Named {
	id: string;
	name: string;
}

/** Where things of one kind are read from. */
interface NamedThings {
	/** First word of their queries' keys. */
	kind: string;
	/** "template": what they are called where none is found. */
	noun: string;
	/** Of which there are more lists than one: which this is. */
	part?: string;
	/** Whether the role may read them; else only what is chosen is shown, by what it is stored as. */
	readable: boolean;
	one(id: string, signal: AbortSignal): Promise<Named>;
	/** At most `mostOffered`, by a part of their name. */
	search(q: string | undefined, signal: AbortSignal): Promise<{ items: readonly Named[] }>;
}

/** Chooses one thing that has a name, of however many there are. What is chosen may be given by name, too; what is picked is an id. */
export function NamedPicker({
	label,
	description,
	things: { kind, noun, part, readable, one, search },
	value,
	onPick,
	error,
}: {
	label: string;
	description?: string;
	things: NamedThings;
	value: string | null;
	onPick: (id: string) => void;
	error?: React.ReactNode;
}) {
	const [opened, setOpened] = useState(false);
	const [typed, setTyped] = useState("");
	const [asked] = useDebouncedValue(typed, searchAfter_ms);
	const chosen = useQuery({
		queryKey: [kind, "one", value],
		queryFn: ({ signal }) => one(value ?? "", signal),
		enabled: value !== null && readable,
	}).data;
	const name = chosen?.name ?? value ?? "";
	const q = asked.trim() === visibleLine(name) ? undefined : asked.trim() || undefined;
	const found = useQuery({
		queryKey: [kind, "picker", { q, part }],
		queryFn: ({ signal }) => search(q, signal),
		enabled: opened && readable,
		placeholderData: keepPreviousData,
	});
	const offered = (found.data?.items ?? [])
		.filter(({ id }) => id !== chosen?.id && id !== value)
		.map((each) => ({ value: each.id, label: visibleLine(each.name) }));
	// What was picked a moment ago is not read yet, but was offered.
	const picked = chosen ?? found.data?.items.find(({ id }) => id === value);
	if (value !== null) offered.unshift({ value, label: visibleLine(picked?.name ?? value) });
	return (
		<Select
			label={label}
			description={description}
			placeholder={`Choose a ${noun}`}
			withAsterisk
			searchable
			allowDeselect={false}
			value={value}
			data={offered}
			filter={({ options }) => options}
			onDropdownOpen={() => setOpened(true)}
			onSearchChange={setTyped}
			nothingFoundMessage={found.isFetching ? "Looking…" : `No ${[part, noun].filter(Boolean).join(" ")} of that name`}
			maxDropdownHeight={320}
			error={error}
			onChange={(id) => id !== null && onPick(id)}
		/>
	);
}
