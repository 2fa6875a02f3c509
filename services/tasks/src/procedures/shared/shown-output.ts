import type { Connection } from "@netconductor/contracts/devices/connection";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { maskSecretsInSlices } from "@netconductor/runtime/config-text";

/** Characters of each part of a result: a step has three of them at most. */
export const longestPart = 60_000;
const shortestSecret = 3;
/** Levels of a value that a result holds. */
const deepest = 100;

/** What a device said as people and variables may have it: without secrets, and without characters that text of one kind must not have. */
export async function shownOutput(output: string, connection: Connection): Promise<string> {
	const masked = await maskSecretsInSlices(output, connection.platform);
	return visibleText(withoutLogins(masked, connection));
}

/** A device may repeat what was typed at login. */
function withoutLogins(text: string, { enable_password, jump_hosts, ...device }: Connection): string {
	const secrets = [
		enable_password,
		...[device, ...jump_hosts].flatMap(({ password, passphrase }) => [password, passphrase]),
	].filter((secret) => secret !== undefined && secret.length >= shortestSecret);
	return secrets.reduce<string>((shown, secret) => shown.replaceAll(secret as string, "<secret>"), text);
}

/** The beginning of a text, and whether there is more of it. */
export function cutText(text: string, most = longestPart): { text: string; cut: boolean } {
	return { text: text.slice(0, most), cut: text.length > most };
}

/** As many of the rows, from the first on, as a result holds. */
export function cutRows<Row>(rows: readonly Row[], most = longestPart): { rows: Row[]; cut: boolean } {
	let size = 0;
	const end = rows.findIndex((row) => {
		size += JSON.stringify(row ?? null).length + 1;
		return size > most;
	});
	const kept = end === -1 ? rows : rows.slice(0, end);
	return { rows: kept.map((row) => shownValue(row) as Row), cut: end !== -1 };
}

/** A value as a result holds it: lists are cut, what is too long otherwise is left out. */
export function cutValue(value: unknown, most = longestPart): { value: unknown; cut: boolean } {
	if (isDeeper(value, deepest)) return { value: null, cut: true };
	if (Array.isArray(value)) {
		const { rows, cut } = cutRows(value, most);
		return { value: rows, cut };
	}
	const cut = JSON.stringify(value ?? null).length > most;
	return { value: cut ? null : shownValue(value ?? null), cut };
}

/** PostgreSQL gives up on what is nested thousands deep; devices mean nothing by it. */
function isDeeper(value: unknown, than: number): boolean {
	if (typeof value !== "object" || value === null) return false;
	return than === 0 || Object.values(value).some((inner) => isDeeper(inner, than - 1));
}

/** Texts in it have no characters that PostgreSQL does not hold, or that hide something. */
function shownValue(value: unknown): unknown {
	if (typeof value === "string") return visibleText(value);
	if (Array.isArray(value)) return value.map(shownValue);
	if (typeof value !== "object" || value === null) return value;
	return Object.fromEntries(Object.entries(value).map(([key, inner]) => [visibleText(key), shownValue(inner)]));
}
