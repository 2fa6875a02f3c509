import { Kbd, UnstyledButton } from "@mantine/core";
import { Icon } from "../ui/icon.tsx";
import { openPalette } from "./palette-door.ts";

const isApple = /Mac|iPhone|iPad/.test(navigator.userAgent);

/** Opens the palette, for who does not know its key. */
export function FindButton() {
	return (
		<UnstyledButton className="nc-find" onClick={openPalette} aria-keyshortcuts="Control+K Meta+K">
			<Icon name="search" size={14} />
			<span>Find anything</span>
			<Kbd size="xs" aria-hidden="true">
				{isApple ? "⌘ K" : "Ctrl K"}
			</Kbd>
		</UnstyledButton>
	);
}
