import { isOpenTo, whyNotOpen } from "@netconductor/contracts/auth/permissions";
import type { MopFault } from "@netconductor/contracts/config/mops";
import type { Selection } from "@netconductor/contracts/devices/model";
import { isPermitted } from "@netconductor/contracts/kernel/actor";
import type { Procedure } from "@netconductor/contracts/tasks/procedure";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { allSteps, buildProgram, type Draft } from "./build-program.ts";
import type { DevicesClient } from "./clients.ts";
import { readLibrary } from "./mop-library.ts";
import type { MopRow } from "./mop-store.ts";
import { placeDevices } from "./place-devices.ts";
import { readCatalogue, type StepTypeCatalogue } from "./step-type-catalogue.ts";
import { requireValid, runsMops, type ValidationNeeds } from "./validate-mop.ts";
import { type Declared, declarationsOf, valuesOf } from "./variables.ts";

export interface CompileNeeds extends ValidationNeeds {
	devices: DevicesClient;
	ownAccount(): CallerContext;
}

/** What a procedure is started with. */
export interface Given {
	variables: Record<string, unknown>;
	targets?: Selection | undefined;
}

export interface Compiled {
	procedure: Omit<Procedure, "mode" | "reason" | "title" | "not_after">;
	warnings: MopFault[];
	draft: Draft;
	catalogue: StepTypeCatalogue;
}

/** What a secret is shown as. */
export const hidden = "<secret>";

/**
 * Makes of a stored procedure and of what it is started with a program that needs nothing more to be looked up.
 * @param rehearsal nothing will be started: secrets are not asked for and stand as `<secret>`, nor need the procedures within be enabled
 * @throws mops.bad_document, mops.bad_variables, mops.no_devices, devices.not_found, device_groups.not_found
 * @throws mops.not_permitted — it is for devices, and the caller may not see any: the answer would tell which there are
 */
export async function compile(
	needs: CompileNeeds,
	mop: MopRow,
	{ variables, targets }: Given,
	{ rehearsal }: { rehearsal: boolean },
	caller: CallerContext,
): Promise<Compiled> {
	// What it names may have changed since it was stored.
	const { document, faults } = await requireValid(needs, { source: mop.source, id: mop.id }, caller);
	const declarations = declarationsOf(document.variables);
	const values = rehearsal
		? rehearsedValues(mop.name, declarations, variables)
		: valuesOf(mop.name, declarations, variables);
	const catalogue = await readCatalogue({ tasks: needs.tasks, on: needs.db.orm }, caller);
	const library = await readLibrary(needs.db.orm, document, runsMops(catalogue));
	const select = targets ?? document.targets ?? null;
	const draft = buildProgram(document, {
		catalogue,
		library: rehearsal ? new Map([...library].map(([key, one]) => [key, { ...one, enabled: true }])) : library,
		has_devices: select !== null,
	});
	requireInventory(`A ${rehearsal ? "dry " : ""}run of ${mop.name}`, draft, select, caller);
	const placed = await placeDevices(
		needs.devices,
		{ mop: mop.name, draft, select },
		// What approvals are asked for, and what is carried out, goes by all groups of a device, those that do not exist for the caller, too.
		{ chosen_by: caller, described_to: rehearsal ? caller : needs.ownAccount() },
	);
	const secrets = [...declarations].flatMap(([name, { secret }]) => (secret ? [name] : []));
	const max_steps = document.settings?.max_steps;
	return {
		procedure: {
			mop: { id: mop.id, name: mop.name, version: mop.version },
			...placed,
			variables: values,
			secret_variables: [...new Set([...secrets, ...draft.secrets])],
			max_steps: max_steps ?? 1_000,
		},
		warnings: faults,
		draft,
		catalogue,
	};
}

function rehearsedValues(
	mop: string,
	declarations: ReadonlyMap<string, Declared>,
	given: Record<string, unknown>,
): Record<string, unknown> {
	const open = new Map([...declarations].filter(([, { secret }]) => !secret));
	const isSecret = (name: string) => declarations.get(name)?.secret === true;
	const values = valuesOf(mop, open, Object.fromEntries(Object.entries(given).filter(([name]) => !isSecret(name))));
	for (const name of declarations.keys()) if (isSecret(name)) values[name] = hidden;
	return values;
}

function requireInventory(
	what: string,
	{ steps, rollback }: Draft,
	own: Selection | null,
	{ actor }: CallerContext,
): void {
	if (isPermitted(actor, "devices:read")) return;
	if (own === null && [...allSteps(steps), ...allSteps(rollback)].every(({ step }) => step.select === null)) return;
	throw failed("mops.not_permitted", {
		message: `${what} shows the devices that it is for, which takes the permission devices:read. You do not hold it.`,
		details: { permission: "devices:read" },
	});
}

/** Steps that take a permission which the caller does not hold. */
export function forbiddenSteps({ draft }: Pick<Compiled, "draft">, { actor }: CallerContext) {
	return [...allSteps(draft.steps), ...allSteps(draft.rollback)].flatMap(({ step }) => {
		const { permission } = step.info;
		return permission === null || isOpenTo(actor, permission) ? [] : [{ step, permission }];
	});
}

/** @throws mops.not_permitted — naming step and permission */
export function requirePermissions(mop: string, compiled: Compiled, caller: CallerContext): void {
	const [first, ...others] = forbiddenSteps(compiled, caller);
	if (first === undefined) return;
	const more = others.length === 0 ? "" : `, and ${others.length} more of its steps cannot either`;
	throw failed("mops.not_permitted", {
		message: `The step ${first.step.path} of ${mop} (${first.step.written_type}) takes the permission ${first.permission}, ${whyNotOpen(caller.actor, first.permission)}${more}. Nothing was started.`,
		details: { mop, step: first.step.path, permission: first.permission },
	});
}
