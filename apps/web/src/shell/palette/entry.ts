import type { ReactNode } from "react";
import type { IconName } from "../../ui/icon.tsx";

/** Something that can be chosen in the palette: a place to go to, or something to do. */
export interface Entry {
	/** Unique among all. */
	id: string;
	label: string;
	icon: IconName;
	/** Beside the label: an address, a state. */
	beside?: ReactNode;
	/** Where it leads; remembered among the recent ones. */
	href?: string;
	run?: () => void;
}

export interface Group {
	label: string;
	entries: Entry[];
}
