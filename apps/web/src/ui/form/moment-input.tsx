import { TextInput } from "@mantine/core";
import type { ReactNode } from "react";

/** A moment in a form, typed in the reader's time zone; its value is in UTC, empty for none. */
export function MomentInput({
	label,
	description,
	required = false,
	value,
	error,
	onChange,
}: {
	label: string;
	description?: string;
	required?: boolean;
	value?: string;
	error?: ReactNode;
	onChange: (value: string) => void;
}) {
	return (
		<TextInput
			type="datetime-local"
			label={label}
			description={description}
			withAsterisk={required}
			error={error}
			value={value === undefined || value === "" ? "" : localText(value)}
			onChange={({ currentTarget }) => {
				const at = new Date(currentTarget.value);
				onChange(Number.isNaN(at.getTime()) ? "" : at.toISOString());
			}}
		/>
	);
}

/** "2026-03-02T14:05" of the reader's clock, as the input takes it. */
function localText(iso: string): string {
	const at = new Date(iso);
	return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
