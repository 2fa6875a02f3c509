import type { configApi } from "@netconductor/contracts/config/api";
import type { Client } from "@netconductor/contracts/kernel/client";
import type { Page } from "@netconductor/contracts/kernel/page";
import { Failure, isFailure } from "./failure.ts";
import { sanitiseLine } from "./output/sanitise.ts";

const most = 5;
const fewestLetters = 3;

/**
 * Names that are near one that is not there: those that hold it, else those that hold its beginning or its end, where a slip of the finger may
 * be in the other half. `search` answers things whose name contains `q`.
 */
export async function namesNear(
	given: string,
	search: (query: { q: string; page: number; page_size: number }) => Promise<Pick<Page<{ name: string }>, "items">>,
): Promise<string[]> {
	const letters = [...given.trim().slice(0, 200)];
	const half = Math.ceil(letters.length / 2);
	const halves = half < fewestLetters ? [] : [letters.slice(0, half), letters.slice(-half)];
	for (const part of [letters, ...halves]) {
		const q = part.join("").trim();
		if (q === "") continue;
		const { items } = await search({ q, page: 1, page_size: most });
		if (items.length > 0) return items.map(({ name }) => name);
	}
	return [];
}

/** What to do where there is no such name. */
export function nearHint(near: readonly string[], list: string): string {
	if (near.length === 0) return `\`netconductor ${list}\` shows those there are.`;
	return `Similar: ${near.map(sanitiseLine).join(", ")}.`;
}

interface Clients {
	config: Client<typeof configApi>;
}

type Search = Parameters<typeof namesNear>[1];

/** Things that the server itself finds by their names, by the code of what it answers where there is none. */
const byName: Record<string, { list: string; searchIn: (clients: Clients) => Search }> = {
	"templates.not_found": {
		list: "templates list",
		searchIn:
			({ config }) =>
			(query) =>
				config.listTemplates({ query }),
	},
	"stacks.not_found": {
		list: "stacks list",
		searchIn:
			({ config }) =>
			(query) =>
				config.listStacks({ query }),
	},
	"stack_templates.not_found": {
		list: "stack-templates list",
		searchIn:
			({ config }) =>
			(query) =>
				config.listStackTemplates({ query }),
	},
	"mops.not_found": {
		list: "mops list",
		searchIn:
			({ config }) =>
			(query) =>
				config.listMops({ query }),
	},
};

/** The failure of a call; where there is nothing of the name that was given, names near it are looked up before it is told. */
export function withNearNames(clients: Clients, error: unknown, given: unknown): unknown {
	const kind = isFailure(error) && error.hint === undefined ? byName[error.problem.code] : undefined;
	if (kind === undefined || !isFailure(error) || typeof given !== "string") return error;
	return new Failure(error.problem, error.exit_code, async () => {
		// Who may not list them, or has lost the server, is told what there is to tell.
		const near = await namesNear(given, kind.searchIn(clients)).catch(() => []);
		return nearHint(near, kind.list);
	});
}
