import { TextInput } from "@mantine/core";

/** A filter that is a moment, in the reader's time zone; the address and the API have it in UTC. */
export function MomentField({
	label,
	value,
	onChange,
}: {
	label: string;
	value: string | undefined;
	onChange: (value: string | undefined) => void;
}) {
	return (
		<TextInput
			type="datetime-local"
			size="xs"
			w={210}
			aria-label={label}
			leftSection={<span className="nc-small nc-dim">{label}</span>}
			leftSectionWidth={52}
			value={value === undefined ? "" : localText(value)}
			onChange={({ currentTarget }) => {
				const at = new Date(currentTarget.value);
				onChange(Number.isNaN(at.getTime()) ? undefined : at.toISOString());
			}}
		/>
	);
}

/** "2026-03-02T14:05" of the reader's clock, as the input takes it. */
function localText(iso: string): string {
	const at = new Date(iso);
	return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}
