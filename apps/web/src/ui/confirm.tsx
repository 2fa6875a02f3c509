import { Button, Group, Modal, Stack, Text, TextInput } from "@mantine/core";
import { type ReactNode, useEffect, useState } from "react";

/** Asks before something that cannot be taken back, and says what will happen. */
export function Confirm({
	opened,
	title,
	action,
	busy = false,
	typed,
	blocked = false,
	onConfirm,
	onClose,
	children,
}: {
	opened: boolean;
	title: string;
	/** What the button that does it says. */
	action: string;
	busy?: boolean;
	/** A word that must be typed first, for what would hurt most. */
	typed?: string;
	/** It cannot be done now; what is said tells why. */
	blocked?: boolean;
	onConfirm: () => void;
	onClose: () => void;
	/** What will happen. */
	children: ReactNode;
}) {
	const [word, setWord] = useState("");
	useEffect(() => {
		if (!opened) setWord("");
	}, [opened]);
	return (
		<Modal opened={opened} onClose={onClose} title={title} size="md">
			<Stack gap="sm">
				<Text size="sm" component="div">
					{children}
				</Text>
				{typed !== undefined && (
					<TextInput
						label={`Type ${typed} to go on`}
						value={word}
						autoComplete="off"
						onChange={({ currentTarget }) => setWord(currentTarget.value)}
					/>
				)}
				<Group justify="flex-end" mt="sm">
					<Button variant="default" onClick={onClose} data-autofocus>
						Leave it
					</Button>
					<Button
						color="red"
						loading={busy}
						disabled={blocked || (typed !== undefined && word !== typed)}
						onClick={onConfirm}
					>
						{action}
					</Button>
				</Group>
			</Stack>
		</Modal>
	);
}
