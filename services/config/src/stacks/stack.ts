import type { NewStack, StackService, StackState } from "@netconductor/contracts/config/stacks";
import type { RunStatus } from "@netconductor/contracts/tasks/model";
import { failed } from "@netconductor/runtime/errors";

/** What a stack and a stack template have in common: all but what they are called and whom they are for. */
export type StackParts = Pick<
	NewStack,
	| "services"
	| "variables"
	| "pre_checks"
	| "pre_state_checks"
	| "checks"
	| "state_checks"
	| "rollout"
	| "confirm_within_s"
>;

export function partsOf({
	services,
	variables,
	pre_checks,
	pre_state_checks,
	checks,
	state_checks,
	rollout,
	confirm_within_s,
}: StackParts): StackParts {
	return { services, variables, pre_checks, pre_state_checks, checks, state_checks, rollout, confirm_within_s };
}

/**
 * Services in the order in which they stand in a device's configuration: each after those that it depends on, otherwise as they were written.
 * @throws stacks.bad_definition — a service depends on itself, through others or not, or on one that is not there
 */
export function inOrder(services: readonly StackService[]): StackService[] {
	const byName = new Map(services.map((service) => [service.name, service]));
	const ordered: StackService[] = [];
	const placed = new Set<string>();

	function place(service: StackService, trail: readonly string[]): void {
		if (placed.has(service.name)) return;
		if (trail.includes(service.name)) {
			const circle = [...trail.slice(trail.indexOf(service.name)), service.name].join(" → ");
			throw bad(`Services depend on each other in a circle: ${circle}`, services.indexOf(service), "depends_on");
		}
		for (const name of service.depends_on) {
			const before = byName.get(name);
			if (before === undefined) {
				throw bad(
					`${service.name} depends on ${name}, which is no service of the stack`,
					services.indexOf(service),
					"depends_on",
				);
			}
			place(before, [...trail, service.name]);
		}
		placed.add(service.name);
		ordered.push(service);
	}

	for (const service of services) place(service, []);
	return ordered;
}

/** @throws stacks.bad_definition */
export function checkDefinition({ services }: Pick<NewStack, "services">): void {
	const names = new Set<string>();
	for (const [index, { name }] of services.entries()) {
		if (names.has(name)) throw bad(`Two services are named ${name}`, index, "name");
		names.add(name);
	}
	inOrder(services);
}

function bad(message: string, service: number, field: string) {
	return failed("stacks.bad_definition", { message, errors: [{ path: `body.services.${service}.${field}`, message }] });
}

/** What a stack is after a run on it has ended. A run that changed nothing for certain leaves it as it was. */
export function stateAfter({
	kind,
	status,
	before,
	part,
	touched,
}: {
	kind: "deploy" | "delete";
	status: RunStatus;
	before: StackState;
	/** It was for some of the devices only, or left some out. */
	part: boolean;
	/** It has begun to change devices. */
	touched: boolean;
}): StackState {
	if (!touched && status !== "succeeded") return before;
	if (status === "succeeded") {
		if (kind === "delete") return part ? "partial" : "pending";
		// The rest of the devices is as it was.
		return part && before !== "deployed" ? "partial" : "deployed";
	}
	if (kind === "delete") return "partial";
	return status === "failed" && before === "pending" ? "failed" : "partial";
}
