import { z } from "zod";
import type { IconName } from "../../ui/icon.tsx";

const Recent = z.object({ href: z.string().startsWith("/"), label: z.string(), icon: z.string() });

/** A place that was gone to from the palette. */
export interface RecentPlace {
	href: string;
	label: string;
	icon: IconName;
}

const most = 6;
const keyOf = (user_id: string) => `netconductor.recent.${user_id}`;

/** Places that this person went to in this browser, the latest first. */
export function readRecent(user_id: string): RecentPlace[] {
	try {
		const held = z.array(Recent).safeParse(JSON.parse(localStorage.getItem(keyOf(user_id)) ?? "[]"));
		return held.success ? (held.data as RecentPlace[]).slice(0, most) : [];
	} catch {
		return [];
	}
}

export function noteRecent(user_id: string, place: RecentPlace): void {
	const others = readRecent(user_id).filter(({ href }) => href !== place.href);
	try {
		localStorage.setItem(keyOf(user_id), JSON.stringify([place, ...others].slice(0, most)));
	} catch {
		// Storage is full or switched off: nothing is recent then.
	}
}

export function forgetRecent(user_id: string): void {
	try {
		localStorage.removeItem(keyOf(user_id));
	} catch {
		// Nothing was kept.
	}
}
