import type { LdapConfig, MethodTestStep, OidcConfig } from "@netconductor/contracts/auth/login-methods";
import { type HeldGroups, roleFor } from "./identity.ts";

interface Step {
	/** Does one step; what it throws ends the test and is told. */
	<T>(name: string, work: () => Promise<{ value: T; detail: string }>): Promise<T>;
	/** Says which role groups come to. */
	role(config: Pick<LdapConfig | OidcConfig, "role_map" | "default_role">, groups: HeldGroups): Promise<void>;
}

const ended = Symbol("a step failed");

/** Steps of a test as they went, up to the first that failed. */
export async function testSteps(work: (step: Step) => Promise<void>): Promise<MethodTestStep[]> {
	const steps: MethodTestStep[] = [];
	async function run<T>(name: string, doIt: () => Promise<{ value: T; detail: string }>): Promise<T> {
		const began = performance.now();
		const duration_ms = () => Math.round(performance.now() - began);
		try {
			const { value, detail } = await doIt();
			steps.push({ name, outcome: "passed", detail: shown(detail), duration_ms: duration_ms() });
			return value;
		} catch (error) {
			steps.push({ name, outcome: "failed", detail: shown(describeFailure(error)), duration_ms: duration_ms() });
			throw ended;
		}
	}
	const step: Step = Object.assign(run, {
		role: (config: Parameters<Step["role"]>[0], groups: HeldGroups) =>
			run("role", async () => {
				const role = roleFor(config, groups);
				if (role === undefined)
					throw new Error("no group has a role, and there is no default role: sign-in is refused");
				return { value: undefined, detail: role };
			}),
	});
	try {
		await work(step);
	} catch (error) {
		if (error !== ended) throw error;
	}
	return steps;
}

/** What an error says, with what it says it comes from. */
export function describeFailure(error: unknown): string {
	if (!(error instanceof Error)) return String(error);
	const { message, cause } = error;
	return cause instanceof Error && cause.message !== "" ? `${message} (${cause.message})` : message || error.name;
}

/** Answers of strangers, as one line that a page can hold. */
function shown(text: string): string {
	return [...text.replaceAll(/\p{Cc}+/gu, " ")].slice(0, 2_000).join("");
}
