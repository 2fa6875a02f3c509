import { Button, Group, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon } from "../../ui/icon.tsx";
import { MoreActions } from "../../ui/more-actions.tsx";

/** What may be done to an account, of a person or of a program. */
export function AccountActions({
	disabled,
	onEdit,
	onEnable,
	onDisable,
	onDelete,
	children,
}: {
	disabled: boolean;
	onEdit: () => void;
	onEnable: () => void;
	onDisable: () => void;
	onDelete: () => void;
	/** Further items of the menu, before the others. */
	children?: ReactNode;
}) {
	return (
		<Group gap="xs">
			<Button variant="default" leftSection={<Icon name="edit" size={14} />} onClick={onEdit}>
				Edit
			</Button>
			<MoreActions>
				{children}
				{disabled ? (
					<Menu.Item leftSection={<Icon name="ok" size={14} />} onClick={onEnable}>
						Enable
					</Menu.Item>
				) : (
					<Menu.Item leftSection={<Icon name="stop" size={14} />} onClick={onDisable}>
						Disable
					</Menu.Item>
				)}
				<Menu.Item color="red" leftSection={<Icon name="trash" size={14} />} onClick={onDelete}>
					Delete
				</Menu.Item>
			</MoreActions>
		</Group>
	);
}
