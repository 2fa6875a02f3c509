import type { Permission } from "@netconductor/contracts/auth/permissions";
import type { ComponentType } from "react";
import type { IconName } from "../ui/icon.tsx";

/** Sections of the menu, in their order. */
export const sections = ["Overview", "Inventory", "Configurations", "Change", "Runs", "Administration"] as const;

declare module "@tanstack/react-router" {
	interface StaticDataRouteOption {
		/** What a role must hold to see the page; without it the page is not offered, and says so to who opens it all the same. */
		needs?: Permission;
		/** It is about all devices together, and so is not for roles that are limited to some. */
		of_all?: true;
		/** Its place in the menu and in the palette; pages without are reached from others. */
		menu?: {
			section: (typeof sections)[number];
			/** Order within the section. */
			at: number;
			label: string;
			icon: IconName;
			/** Typed after `g` it leads here. */
			key?: string;
			/** Stands at the end of its entry: how much waits there. */
			beside?: ComponentType;
		};
	}
}
