import { MultiSelect, Select } from "@mantine/core";

interface Option<T extends string> {
	value: T;
	label: string;
}

/** A filter with one value or none. */
export function Choice<T extends string>({
	label,
	any,
	options,
	value,
	onChange,
	width = 150,
}: {
	label: string;
	/** What no choice means: "Any health". */
	any: string;
	options: readonly Option<T>[];
	value: T | undefined;
	onChange: (value: T | undefined) => void;
	width?: number;
}) {
	return (
		<Select
			aria-label={label}
			placeholder={any}
			size="xs"
			w={width}
			searchable={options.length > 8}
			clearable
			clearButtonProps={{ "aria-label": any }}
			value={value ?? null}
			data={[...options]}
			onChange={(chosen) => onChange((chosen ?? undefined) as T | undefined)}
		/>
	);
}

/** A filter with any number of values. */
export function Choices<T extends string>({
	label,
	any,
	options,
	value,
	onChange,
	width = 170,
}: {
	label: string;
	any: string;
	options: readonly Option<T>[];
	value: readonly T[] | undefined;
	onChange: (value: T[] | undefined) => void;
	width?: number;
}) {
	return (
		<MultiSelect
			aria-label={label}
			placeholder={value === undefined || value.length === 0 ? any : ""}
			size="xs"
			{...(value === undefined || value.length === 0 ? { w: width } : { miw: width, maw: 340 })}
			searchable
			clearable
			clearButtonProps={{ "aria-label": any }}
			value={[...(value ?? [])]}
			data={[...options]}
			onChange={(chosen) => onChange(chosen.length === 0 ? undefined : (chosen as T[]))}
		/>
	);
}

type Truth = "true" | "false";

/** A filter by something that holds or does not. */
export function TruthChoice({
	yes,
	no,
	...rest
}: {
	label: string;
	any: string;
	/** What it is called where it holds, and where it does not. */
	yes: string;
	no: string;
	value: Truth | undefined;
	onChange: (value: Truth | undefined) => void;
	width?: number;
}) {
	return (
		<Choice
			options={[
				{ value: "true", label: yes },
				{ value: "false", label: no },
			]}
			{...rest}
		/>
	);
}
