import { Kbd, UnstyledButton } from "@mantine/core";
import { spotlight } from "@mantine/spotlight";
import { Icon } from "../ui/icon.tsx";

/** Opens the palette, for who does not know its key. */
export function FindButton() {
	return (
		<UnstyledButton
			className="nc-find"
			onClick={spotlight.open}
			aria-label="Find anything"
			aria-keyshortcuts="Control+K"
		>
			<Icon name="search" size={14} />
			<span>Find anything</span>
			<Kbd size="xs">Ctrl K</Kbd>
		</UnstyledButton>
	);
}
