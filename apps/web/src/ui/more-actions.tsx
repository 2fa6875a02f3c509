import { ActionIcon, Menu } from "@mantine/core";
import type { ReactNode } from "react";
import { Icon } from "./icon.tsx";

/** The menu of what a page's thing can do besides: items of Mantine's `Menu`. */
export function MoreActions({ children }: { children: ReactNode }) {
	return (
		<Menu position="bottom-end">
			<Menu.Target>
				<ActionIcon variant="default" size={30} aria-label="More actions" title="More actions">
					<Icon name="more" />
				</ActionIcon>
			</Menu.Target>
			<Menu.Dropdown>{children}</Menu.Dropdown>
		</Menu>
	);
}
