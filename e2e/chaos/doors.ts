import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { apis } from "@netconductor/contracts/apis";
import { presetRoles } from "@netconductor/contracts/auth/permissions";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Operation } from "@netconductor/contracts/kernel/operation";
import type { Clients } from "../src/product.ts";
import { askPostgres } from "./postgres.ts";

/** Who knocks at doors that must stay shut: nobody, and people whose roles permit little. */
const visitors = ["nobody", "viewer", "operator"] as const;
const password = "knocks at every door";

/** What shut doors answered, and what is written about who may do what. */
export interface Doors {
	/** By visitor and call: status and code. */
	answers: Map<string, string>;
	/** Roles and who has them. */
	grants: string[];
}

interface Knocker {
	url: string;
	login(username: string, password: string): Promise<string>;
}

export async function inviteVisitors(api: Clients): Promise<void> {
	for (const role of visitors.filter((name) => name !== "nobody")) {
		await api.auth.createUser({
			body: { username: `chaos-${role}`, role, password, must_change_password: false },
		});
	}
}

/**
 * Each visitor knocks at a third of the doors that must stay shut for him, the same each time, with nothing valid in it: what matters is whether one
 * opens.
 */
export async function knockAtDoors({ url, login }: Knocker, data_dir: string): Promise<Doors> {
	const answers: Doors["answers"] = new Map();
	const waiting: (() => Promise<void>)[] = [];
	for (const visitor of visitors) {
		const token = visitor === "nobody" ? undefined : await login(`chaos-${visitor}`, password);
		for (const operation of shutFor(visitor).filter((_, i) => i % visitors.length === visitors.indexOf(visitor))) {
			waiting.push(
				async () =>
					void answers.set(`${visitor}: ${operation.method} ${operation.path}`, await knock(url, operation, token)),
			);
		}
	}
	await Promise.all(
		Array.from({ length: 8 }, async () => {
			for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) await next();
		}),
	);
	return { answers, grants: await grantsIn(data_dir) };
}

/** Who may do what, line by line. */
export async function grantsIn(data_dir: string): Promise<string[]> {
	const grants = await askPostgres<{ line: string }>(
		data_dir,
		`select 'role ' || name || ': ' || array_to_string(array(select unnest(permissions) order by 1), ' ') as line from auth.roles
		union all select 'user ' || username || ': ' || role || case when disabled then ', disabled' else '' end from auth.users order by 1`,
	);
	return grants.map(({ line }) => line);
}

function shutFor(visitor: (typeof visitors)[number]): Operation[] {
	const routed = Object.values(apis)
		.flatMap((api) => Object.values<Operation>(api.operations))
		.filter((operation) => !operation.internal && !operation.public);
	if (visitor === "nobody") return routed;
	const permissions = [...presetRoles[visitor].permissions];
	return routed.filter(
		({ authenticated, permission }) => !authenticated && !isPermitted({ permissions }, permission ?? ""),
	);
}

/** Longer than one process leaves another alone that did not answer it. */
const away_ms = 15_000;

/** What is answered where somebody answers: a service that is away for a moment has opened no door. */
async function knock(url: string, operation: Operation, token: string | undefined): Promise<string> {
	const until = performance.now() + away_ms;
	for (;;) {
		const answer = await knockOnce(url, operation, token);
		if (!answer.startsWith("503 ") || performance.now() > until) return answer;
		await sleep(250);
	}
}

async function knockOnce(url: string, { method, path, body }: Operation, token: string | undefined): Promise<string> {
	const response = await fetch(`${url}${path.replace(/:([a-z_0-9]+)/g, () => randomUUID())}`, {
		method,
		headers: {
			...(token !== undefined && { authorization: `Bearer ${token}` }),
			...(body !== undefined && { "content-type": "application/json" }),
		},
		...(body !== undefined && { body: '{"zz":1}' }),
	});
	const code = /"code":"([^"]+)"/.exec(await response.text())?.[1];
	return `${response.status} ${code}`;
}

/** Doors that answer otherwise than before, and grants that were not there or are gone. */
export function doorFaults(before: Doors, after: Doors): string[] {
	return [
		...[...before.answers]
			.filter(([door, answer]) => after.answers.get(door) !== answer)
			.map(([door, answer]) => `${door} answers ${after.answers.get(door)}, before ${answer}`),
		...after.grants.filter((line) => !before.grants.includes(line)).map((line) => `there is now ${line}`),
		...before.grants.filter((line) => !after.grants.includes(line)).map((line) => `there is no longer ${line}`),
	];
}
