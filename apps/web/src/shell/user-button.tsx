import { Button, type ButtonProps, Text } from "@mantine/core";
import { visibleLine } from "@netconductor/contracts/kernel/visible-text";
import type { ComponentPropsWithRef } from "react";
import { useMe } from "../api/context.tsx";
import { Icon } from "../ui/icon.tsx";

/** Opens the menu of who is signed in. */
export function UserButton(props: ButtonProps & Omit<ComponentPropsWithRef<"button">, keyof ButtonProps>) {
	const { user } = useMe();
	const name = visibleLine(user.username);
	return (
		<Button variant="subtle" color="gray" px={8} aria-label={`Menu of ${name}`} aria-haspopup="menu" {...props}>
			<Icon name="user" />
			<Text size="sm" ml={6} visibleFrom="sm" truncate maw={140}>
				{name}
			</Text>
		</Button>
	);
}
