import { CloseButton, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { useEffect, useState } from "react";
import { Icon } from "../icon.tsx";

const searchAfter_ms = 250;

/** Search text of a list: asks the server a moment after the last key. `/` leads here, Escape empties and leaves it. */
export function SearchField({
	label,
	placeholder,
	q,
	onSearch,
}: {
	label: string;
	placeholder?: string;
	q: string | undefined;
	onSearch: (q: string | undefined) => void;
}) {
	const [text, setText] = useState(q ?? "");
	const search = useDebouncedCallback((given: string) => onSearch(given.trim() || undefined), searchAfter_ms);
	useEffect(() => setText((shown) => (shown.trim() === (q ?? "") ? shown : (q ?? ""))), [q]);
	return (
		<TextInput
			data-search
			type="search"
			aria-label={label}
			placeholder={placeholder ?? label}
			size="xs"
			maxLength={200}
			style={{ flex: "1 1 160px", maxWidth: 260 }}
			leftSection={<Icon name="search" size={14} />}
			rightSection={text !== "" && <CloseButton size="xs" aria-label="Clear the search" onClick={() => change("")} />}
			value={text}
			onChange={({ currentTarget }) => change(currentTarget.value)}
			onKeyDown={(event) => {
				if (event.key !== "Escape") return;
				if (text === "") event.currentTarget.blur();
				change("");
			}}
		/>
	);

	function change(given: string) {
		setText(given);
		search(given);
	}
}
