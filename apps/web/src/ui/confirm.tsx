import { Button, Group, Modal, Text } from "@mantine/core";
import type { ReactNode } from "react";

/** Asks before something that cannot be taken back. */
export function Confirm({
	opened,
	title,
	action,
	busy = false,
	onConfirm,
	onClose,
	children,
}: {
	opened: boolean;
	title: string;
	/** What the button that does it says. */
	action: string;
	busy?: boolean;
	onConfirm: () => void;
	onClose: () => void;
	children: ReactNode;
}) {
	return (
		<Modal opened={opened} onClose={onClose} title={title} size="md">
			<Text size="sm">{children}</Text>
			<Group justify="flex-end" mt="lg">
				<Button variant="default" onClick={onClose} data-autofocus>
					Leave it
				</Button>
				<Button color="red" loading={busy} onClick={onConfirm}>
					{action}
				</Button>
			</Group>
		</Modal>
	);
}
