import { Button, FileButton, Group, Input, PasswordInput, Textarea } from "@mantine/core";
import { type ReactNode, useId } from "react";
import { State } from "../state.tsx";

const largestFileBytes = 65_536;

interface Props {
	label: string;
	description?: string;
	/** Whether the server holds one; which, it never says. */
	stored: boolean;
	/** Undefined leaves it as it is, null removes it, text takes its place. */
	value: string | null | undefined;
	onChange: (value: string | null | undefined) => void;
	error?: ReactNode;
	/** Of several lines, and may come from a file. */
	lines?: boolean;
	autoFocus?: boolean;
}

/** A secret that can be set, replaced and removed, and never read. */
export function SecretField(props: Props) {
	const { label, description, stored, value, onChange, error } = props;
	const id = useId();
	if (typeof value === "string") return <SecretInput {...props} value={value} />;
	return (
		<Input.Wrapper label={label} description={description} error={error} labelElement="div" labelProps={{ id }}>
			<Group gap="xs" mt={4} fz="sm" role="group" aria-labelledby={id}>
				{value === null ? (
					<State tone="warn" icon="trash" word="Removed when you save" />
				) : stored ? (
					<State tone="good" icon="lock" word="Set" />
				) : (
					<State tone="calm" icon="minus" word="Not set" />
				)}
				{value === null ? (
					<Button variant="default" size="compact-xs" onClick={() => onChange(undefined)}>
						Keep it
					</Button>
				) : (
					<>
						<Button variant="default" size="compact-xs" onClick={() => onChange("")}>
							{stored ? "Replace" : "Set"}
						</Button>
						{stored && (
							<Button variant="default" size="compact-xs" onClick={() => onChange(null)}>
								Remove
							</Button>
						)}
					</>
				)}
			</Group>
		</Input.Wrapper>
	);
}

function SecretInput({
	label,
	description,
	stored,
	value,
	onChange,
	error,
	lines,
	autoFocus,
}: Props & { value: string }) {
	const shared = {
		label,
		description,
		error,
		value,
		autoComplete: "new-password",
		...(autoFocus && { "data-autofocus": true }),
	};
	return (
		<div>
			{lines ? (
				<Textarea
					{...shared}
					autoComplete="off"
					spellCheck={false}
					autosize
					minRows={3}
					maxRows={8}
					styles={{ input: { fontFamily: "var(--mantine-font-family-monospace)", fontSize: "0.75rem" } }}
					onChange={({ currentTarget }) => onChange(currentTarget.value)}
				/>
			) : (
				<PasswordInput {...shared} onChange={({ currentTarget }) => onChange(currentTarget.value)} />
			)}
			{(lines || stored) && (
				<Group gap="xs" mt={4}>
					{lines && (
						<FileButton onChange={(file) => void read(file)}>
							{(button) => (
								<Button {...button} variant="default" size="compact-xs">
									Choose a file
								</Button>
							)}
						</FileButton>
					)}
					{stored && (
						<Button variant="default" size="compact-xs" onClick={() => onChange(undefined)}>
							Keep the one that is set
						</Button>
					)}
				</Group>
			)}
		</div>
	);

	async function read(file: File | null): Promise<void> {
		// Larger than any key; what it is, is for the server to say.
		if (file !== null) onChange(await file.slice(0, largestFileBytes).text());
	}
}
