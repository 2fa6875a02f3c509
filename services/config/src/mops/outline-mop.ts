import type { Selection } from "@netconductor/contracts/devices/model";
import { hasCode, isAppError } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import type { TemplateEngine } from "@netconductor/templating/engine";
import { resolveValues, type Variables } from "@netconductor/templating/expressions";
import type { Statements } from "../operation.ts";
import { findStack } from "../stacks/stack-store.ts";
import { allSteps, buildProgram, type DraftStep } from "./build-program.ts";
import { requireSize } from "./check-mops.ts";
import { readLibrary } from "./mop-library.ts";
import { findMop } from "./mop-store.ts";
import type { MopOperation } from "./operation.ts";
import { readCatalogue } from "./step-type-catalogue.ts";
import { runsMops, type ValidationNeeds } from "./validate-mop.ts";
import { declarationsOf, valuesOf } from "./variables.ts";

interface Needs extends ValidationNeeds {
	engine: TemplateEngine;
}

/** What a service must know of a procedure that it is to start later. */
export function outlineMop(needs: Needs): MopOperation<"outlineMop"> {
	const { db, tasks, engine } = needs;
	return async ({ body, ...caller }) => {
		const { name, document } = await findMop(db.orm, body.mop);
		const declarations = declarationsOf(document.variables);
		const open = new Map([...declarations].filter(([, { secret }]) => !secret));
		const given = Object.entries(body.variables).filter(([key]) => declarations.get(key)?.secret !== true);
		const variables = valuesOf(name, open, Object.fromEntries(given));
		const catalogue = await readCatalogue({ tasks, on: db.orm }, caller);
		const isRunMop = runsMops(catalogue);
		const library = await readLibrary(db.orm, document, isRunMop);
		requireSize(name, document, library, isRunMop);
		const draft = buildProgram(document, {
			catalogue,
			library: new Map([...library].map(([key, one]) => [key, { ...one, enabled: true }])),
			has_devices: (body.targets ?? document.targets) !== undefined,
		});
		const steps = [...draft.steps, ...draft.rollback];
		const named = [...allSteps(steps)].flatMap(({ step }) => (step.select === null ? [] : [step.select]));
		return {
			name,
			targets: document.targets ?? null,
			step_targets: [...named, ...(await stacksOf({ on: db.orm, engine, caller }, steps, variables))],
			changes: await changesSomething(needs, steps, caller),
			secrets: [...declarations].flatMap(([key, { secret, required }]) => (secret ? [{ name: key, required }] : [])),
		};
	};
}

/** Steps whose parameters are checked at a time. */
const mostAsked = 5_000;

async function changesSomething(
	{ tasks }: Pick<Needs, "tasks">,
	steps: readonly DraftStep[],
	caller: CallerContext,
): Promise<boolean> {
	const all = [...allSteps(steps)].map(({ step }) => step);
	// The run that it starts is a change, though the step itself is none.
	if (all.some((step) => step.type === "deploy_stack" && step.with.action !== "plan")) return true;
	const writing = all.flatMap(({ type, info, with: given }) => (info.writes ? [{ type, with: given }] : []));
	for (let from = 0; from < writing.length; from += mostAsked) {
		const { changing } = await tasks.checkSteps({ body: { steps: writing.slice(from, from + mostAsked) } }, caller);
		if (changing.length > 0) return true;
	}
	return false;
}

interface Look {
	on: Statements;
	engine: TemplateEngine;
	caller: CallerContext;
}

/**
 * Devices of the stacks that steps deploy or remove. Which stack that is may be known only while the procedure runs: then it may be any device. To
 * whoever is limited to device groups a stack tells none of its devices: such a step is not theirs to start.
 */
async function stacksOf(look: Look, steps: readonly DraftStep[], variables: Variables): Promise<Selection[]> {
	if (look.caller.actor.device_groups !== undefined) return [];
	const found: Selection[] = [];
	for (const step of steps) {
		const isDeployment = step.type === "deploy_stack";
		if (!isDeployment && step.blocks.length === 0) continue;
		const locals = await known(look, step.locals, variables);
		// A procedure has its own variables only.
		const seen = step.type === "run_mop" ? locals : { ...variables, ...locals };
		if (isDeployment) found.push(...(await stackOf(look, step, seen)));
		for (const block of step.blocks) found.push(...(await stacksOf(look, block.steps, seen)));
	}
	return found;
}

async function stackOf(look: Look, { with: given }: DraftStep, variables: Variables): Promise<Selection[]> {
	const { stack, action, only } = await known(
		look,
		{ stack: given.stack, action: given.action, only: given.only },
		variables,
	);
	// A plan changes nothing; devices of the procedure are among its own.
	if (action === "plan" || only === "procedure") return [];
	if (typeof stack !== "string") return [{ all: true }];
	try {
		return (await findStack(look.on, stack)).services.map(({ targets }) => targets);
	} catch (error) {
		// The step will say that there is none.
		if (hasCode(error, "stacks.not_found")) return [];
		throw error;
	}
}

/** The values that can be told before the procedure runs. */
async function known({ engine, caller }: Look, values: Variables, variables: Variables): Promise<Variables> {
	const { signal } = caller;
	const found: Record<string, unknown> = {};
	for (const [name, value] of Object.entries(values)) {
		try {
			found[name] = await resolveValues(engine, value, variables, { ...(signal !== undefined && { signal }) });
		} catch (error) {
			if (!isAppError(error) || !error.code.startsWith("template.")) throw error;
		}
	}
	return found;
}
