import { countedAhead } from "@netconductor/contracts/kernel/page";
import { type Command, InvalidArgumentError, Option } from "commander";
import { z } from "zod";

type Property = {
	enum?: string[];
	anyOf?: Property[];
	items?: Property;
	type?: string;
	minimum?: number;
	maximum?: number;
};

/** Query fields whose values are ids in the API and names on the command line. */
const named: Record<string, { flag: string; value: string; description: string }> = {
	device_id: { flag: "device", value: "device", description: "Only of this device (name or id)" },
	snapshot_id: {
		flag: "snapshot",
		value: "snapshot",
		description: "Only of this snapshot (name, id, latest, previous)",
	},
	credential_id: {
		flag: "credential",
		value: "credential",
		description: "Only what names this credential itself (name or id)",
	},
	run_id: { flag: "run", value: "run", description: "Only of this run (id)" },
	owner_id: { flag: "owner", value: "user", description: "Only of this owner (name or id)" },
};
const paging = new Set(["page", "page_size", "after", "cursor", "limit", "sort"]);
const descriptions: Record<string, string> = {
	count: `How far the list is counted: to its last entry, or near, to ${countedAhead} past the page`,
	q: "Only what contains this text",
	ownerless: "Only those whose owner was deleted or is no longer active",
	from: "Only from this time on",
	to: "Only before this time",
};

export interface ListOptions {
	page?: number;
	limit?: number;
	cursor?: string;
	all?: boolean;
	sort?: string;
}

/** Options of a list or search, read off the query of its contract: filters, `--sort`, and the kind of paging it has. */
export function addQueryOptions(
	command: Command,
	query: z.ZodType,
	{ without = [] }: { without?: string[] } = {},
): void {
	const { properties = {}, required = [] } = z.toJSONSchema(query, { io: "input", unrepresentable: "any" }) as {
		properties?: Record<string, Property>;
		required?: string[];
	};
	// What is typed for a list is any text; only what it is parsed to tells which words it may hold.
	const parsed = z.toJSONSchema(query, { io: "output", unrepresentable: "any" }) as typeof properties & {
		properties?: Record<string, Property>;
	};
	for (const [name, property] of Object.entries(properties)) {
		if (paging.has(name) || without.includes(name) || required.includes(name)) continue;
		command.addOption(filterOption(name, property, parsed.properties?.[name]?.items?.enum));
	}
	if ("sort" in properties) {
		command.addOption(
			new Option("--sort <field>", "Order; - before the field reverses it").choices(properties.sort?.enum ?? []),
		);
	}
	if ("page" in properties) command.option("--page <number>", "Page of the list, from 1", wholeNumber(1));
	if ("cursor" in properties) command.option("--cursor <cursor>", "Go on where the page before ended");
	if ("page_size" in properties || "limit" in properties) {
		const { maximum } = properties.page_size ?? properties.limit ?? {};
		command.option("--limit <number>", "Entries of a page", wholeNumber(1, maximum ?? 500));
		command.option("--all", "All pages");
	}
}

function filterOption(name: string, property: Property, listed: string[] | undefined): Option {
	const known = named[name];
	if (known !== undefined) return new Option(`--${known.flag} <${known.value}>`, known.description);
	const flag = name === "q" ? "search" : name.replaceAll("_", "-");
	const description = descriptions[name] ?? `Only where ${name.replaceAll("_", " ")} is this`;
	const list = property.anyOf?.find(({ type }) => type === "array") !== undefined;
	if (list && listed !== undefined) {
		// The choices are for help and completion; the parser also takes several at once.
		return new Option(`--${flag} <${flag}>`, `${description}; repeat it for several`)
			.choices(listed)
			.argParser(collectedFrom(listed));
	}
	if (list) return new Option(`--${flag} <${flag}>`, `${description}; repeat it for several`).argParser(collected);
	const choices = property.enum;
	if (choices?.includes("true")) {
		return new Option(`--${flag} <yes>`, description).choices(["true", "false"]);
	}
	const option = new Option(`--${flag} <${flag}>`, description);
	return choices === undefined ? option : option.choices(choices);
}

/** Whether a list has numbered pages or a cursor. */
export function pagingOf(query: z.ZodType): "page" | "cursor" {
	return "cursor" in propertiesOf(query) ? "cursor" : "page";
}

function propertiesOf(query: z.ZodType): Record<string, Property> {
	const described = z.toJSONSchema(query, { io: "input", unrepresentable: "any" });
	return (described.properties ?? {}) as Record<string, Property>;
}

/** The query that parsed options stand for, without paging. Ids in place of names are the caller's to fill in. */
export function filtersOf(query: z.ZodType, options: Record<string, unknown>): Record<string, unknown> {
	const filters: Record<string, unknown> = {};
	for (const name of Object.keys(propertiesOf(query))) {
		if (name in named || (paging.has(name) && name !== "sort")) continue;
		const value = options[attribute(name === "q" ? "search" : name)];
		if (value !== undefined) filters[name] = value;
	}
	return filters;
}

/** Commander's name for an option. */
function attribute(name: string): string {
	return name.replace(/[_-]([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** Parses an option's value as a whole number within bounds. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
	return (text) => {
		const value = Number(text);
		if (!/^\d+$/.test(text) || value < min || value > max) {
			throw new InvalidArgumentError(
				max === Number.MAX_SAFE_INTEGER ? `A whole number from ${min}.` : `A whole number from ${min} to ${max}.`,
			);
		}
		return value;
	};
}

/** Parses an option's value as a point in time: `2026-03-02`, `2026-03-02 14:05` (local), or RFC 3339. Answers RFC 3339 in UTC. */
export function pointInTime(text: string): string {
	const local = /^\d{4}-\d{2}-\d{2}$/.test(text) ? `${text}T00:00:00` : text.replace(" ", "T");
	const at = new Date(local);
	if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(at.getTime())) {
		throw new InvalidArgumentError('A time such as 2026-03-02, "2026-03-02 14:05" or 2026-03-02T14:05:00Z.');
	}
	return at.toISOString();
}

/** Gathers the values of an option that may be given several times. Lists after one option would swallow the arguments behind it. */
export function collected(value: string, before: string[] = []): string[] {
	return [...before, value];
}

/** As `collected`, of these words alone; several may be given at once, with commas. */
function collectedFrom(choices: readonly string[]): (value: string, before?: string[]) => string[] {
	return (value, before = []) => {
		const words = value.split(",").map((word) => word.trim());
		if (!words.every((word) => choices.includes(word)))
			throw new InvalidArgumentError(`Allowed choices are ${choices.join(", ")}.`);
		return [...before, ...words];
	};
}

/** Parses a yes-or-no value of an option. */
export function yesOrNo(text: string): boolean {
	if (/^(true|yes|on|1)$/i.test(text)) return true;
	if (/^(false|no|off|0)$/i.test(text)) return false;
	throw new InvalidArgumentError("true or false.");
}
