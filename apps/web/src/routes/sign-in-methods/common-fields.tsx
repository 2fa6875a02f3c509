import {
	NumberInput,
	type NumberInputProps,
	Switch,
	type SwitchProps,
	TextInput,
	type TextInputProps,
} from "@mantine/core";

/** Fields by which ways to sign in of every kind are described. Each takes what `form.field` answers. */
export function NameField(field: TextInputProps) {
	return (
		<TextInput
			label="Name"
			description="Lower-case letters, digits and -"
			withAsterisk
			data-autofocus
			autoComplete="off"
			maxLength={40}
			{...field}
		/>
	);
}

export function ProvisionField(field: SwitchProps) {
	return (
		<Switch
			label="Let people in who were never here"
			description="Off: only those who have signed in before"
			{...field}
		/>
	);
}

export function TimeoutField(field: NumberInputProps) {
	return (
		<NumberInput
			label="Longest wait for an answer"
			suffix=" ms"
			min={200}
			max={30_000}
			allowDecimal={false}
			{...field}
		/>
	);
}
