import type { MopDocument, MopStep } from "@netconductor/contracts/config/mops";
import { type IgnoredSetting, ignoredSettings } from "@netconductor/contracts/tasks/procedure";
import { checkTemplates } from "@netconductor/templating/expressions";
import { hasTag } from "@netconductor/templating/read-string";
import { error, type Fault, type FaultPath, inStep, stepAt, warning } from "./faults.ts";
import type { Hints } from "./hints.ts";
import type { PlacedStep } from "./read-document.ts";
import type { KnownType } from "./step-type-catalogue.ts";
import { declarationFaults, declarationsOf } from "./variables.ts";

/** Names that templates know without anybody declaring them. */
const builtIn = ["device", "run"];

/** A variable that is declared under such a name would hide what stands there. */
export function checkDeclarations(document: MopDocument): Fault[] {
	return [...declarationsOf(document.variables)].flatMap(([name, declared]) => {
		const path: FaultPath = ["variables", name];
		const faults = declarationFaults(declared).map(({ key, message }) =>
			error("variable.bad_declaration", [...path, key], `The variable \`${name}\`: ${message}`),
		);
		if (builtIn.includes(name)) {
			const message = `\`${name}\` is what templates are told of the ${name}: choose another name for the variable`;
			faults.push(error("variable.reserved", path, message));
		}
		if (holdsTag(declared.default)) {
			const message = `The variable \`${name}\` is a value, not a template: use \`{{ … }}\` in the steps`;
			faults.push(error("variable.template", path, message));
		}
		return faults;
	});
}

export function holdsTag(value: unknown): boolean {
	if (typeof value === "string") return hasTag(value);
	return typeof value === "object" && value !== null && Object.values(value).some(holdsTag);
}

/** What is wrong with how steps follow each other: names, jumps, what stands in what. */
export function checkFlow(document: MopDocument, steps: readonly PlacedStep[], hints: Hints): Fault[] {
	const faults: Fault[] = [];
	const seen = new Map<string, FaultPath>();
	for (const { step, path, list, phase } of steps) {
		const first = seen.get(step.id);
		if (first === undefined) seen.set(step.id, path);
		else {
			const message = `the id \`${step.id}\` is taken by ${stepAt(document, first)}`;
			faults.push(error("step.duplicate_id", [...path, "id"], inStep(document, path, message)));
		}
		for (const key of ["on_success", "on_failure"] as const) {
			const fault = jumpFault(step, key, list, hints);
			if (fault !== undefined) {
				faults.push(error("step.unknown_goto", [...path, key], inStep(document, path, fault)));
			}
		}
		if (phase === "rollback" && step.on_failure === "rollback") {
			const message = "`on_failure: rollback` stands in what is done after a rollback";
			faults.push(error("step.rollback_in_rollback", [...path, "on_failure"], inStep(document, path, message)));
		}
	}
	if (typeof document.settings?.on_failure === "object") {
		const message = "`settings.on_failure` cannot jump: a jump leads to a step of the same list. Say it at the step";
		faults.push(error("settings.goto", ["settings", "on_failure"], message));
	}
	return [...faults, ...endlessJumps(document, steps)];
}

function jumpFault(
	step: MopStep,
	key: "on_success" | "on_failure",
	list: readonly MopStep[],
	hints: Hints,
): string | undefined {
	const next = step[key];
	if (typeof next !== "object" || list.some(({ id }) => id === next.goto)) return undefined;
	const meant = hints(
		next.goto,
		list.map(({ id }) => id),
	);
	return `jumps to \`${next.goto}\`, which is not in its list${meant === undefined ? "" : `; did you mean \`${meant}\`?`}`;
}

/** Steps from which no way leads to the end of their list, neither by success nor as `on_failure` says. */
function endlessJumps(document: MopDocument, steps: readonly PlacedStep[]): Fault[] {
	const lists = new Map<readonly MopStep[], PlacedStep[]>();
	for (const placed of steps) lists.set(placed.list, [...(lists.get(placed.list) ?? []), placed]);
	return [...lists.values()].flatMap((placed) => {
		const list = placed.map(({ step }) => step);
		const index = new Map(list.map(({ id }, at) => [id, at]));
		const end = list.length;
		const ways = list.map((step, at): number[] => {
			const to = (next: MopStep["on_success"] | MopStep["on_failure"], otherwise: number): number => {
				if (typeof next === "object") return index.get(next.goto) ?? end;
				return next === undefined || next === "next" ? otherwise : end;
			};
			const onward = at + 1;
			const failed = step.on_failure ?? document.settings?.on_failure;
			const afterFailure =
				failed === undefined
					? []
					: failed === "continue" || failed === "drop_devices"
						? [onward]
						: [to(failed, onward)];
			return [to(step.on_success, onward), ...afterFailure, ...(typeof step.when === "string" ? [onward] : [])];
		});
		const ending = new Set([end]);
		for (let found = true; found; ) {
			found = false;
			for (const [at, next] of ways.entries()) {
				if (ending.has(at) || !next.some((to) => ending.has(to))) continue;
				ending.add(at);
				found = true;
			}
		}
		return placed.flatMap(({ step, path }, at) => {
			if (ending.has(at) || typeof step.on_success !== "object") return [];
			const message = `jumps back to \`${step.on_success.goto}\` without any way out: it goes round until a step fails or \`max_steps\` is reached`;
			return [warning("step.endless", [...path, "on_success"], inStep(document, path, message))];
		});
	});
}

const blockNames = ["branches", "then", "else", "steps"] as const;

/** Lists of steps in a step, as its type has them. */
export function checkBlocks(document: MopDocument, { step, path }: PlacedStep, { info }: KnownType): Fault[] {
	return blockNames.flatMap((name) => {
		const declared = info.blocks.find((block) => block.name === name);
		const there = step[name] !== undefined;
		if (declared === undefined && there) {
			const message = `a step of the type \`${step.type}\` has no \`${name}\``;
			return [error("step.unexpected_block", [...path, name], inStep(document, path, message))];
		}
		if (declared?.required && !there) {
			const message = `\`${name}\` is missing: the steps that \`${step.type}\` carries out`;
			return [error("step.missing_block", path, inStep(document, path, message))];
		}
		return [];
	});
}

/** What a step says and its type does nothing with, or not what is meant. Stored procedures that say it are carried out as before, so it is a warning. */
export function checkSettings(document: MopDocument, { step, path }: PlacedStep, { info }: KnownType): Fault[] {
	const warn = (code: string, key: keyof MopStep, message: string) =>
		warning(code, [...path, key], inStep(document, path, message));
	const faults = ignoredSettings(info).flatMap((key) => {
		if (step[key] === undefined) return [];
		const message = `\`${key}\` does nothing in a step of the type \`${step.type}\`${adviceOn(key, info)}`;
		return [warn("step.ignored_setting", key, message)];
	});
	if (info.runs_on === "server" && step.on_failure === "drop_devices") {
		const message = `\`on_failure: drop_devices\` stops the procedure in a step of the type \`${step.type}\`: it fails for no device that could be left out`;
		faults.push(warn("step.drops_no_device", "on_failure", message));
	}
	const saved = step.save_to_variable;
	if (info.runs_on === "devices" && saved !== undefined && declarationsOf(document.variables).get(saved)?.secret) {
		const message = `\`${saved}\` is a secret, but what devices answer is shown in the run before it is saved: only what comes after it is without it`;
		faults.push(warn("step.shows_secret", "save_to_variable", message));
	}
	return faults;
}

function adviceOn(key: IgnoredSetting, { type, runs_on, blocks }: KnownType["info"]): string {
	if (runs_on === "server") return ": it is carried out once for all devices";
	if (type === "run_mop") return ": say it at the steps of the procedure that it runs";
	if (blocks.length === 0) return "";
	return key === "save_to_variable" ? ": let a step in it save its result" : ": say it at the steps in it";
}

/** Parameters that are bare expressions, as after `when`. */
const expressions: Readonly<Record<string, readonly string[]>> = {
	condition: ["if"],
	loop: ["while"],
	wait_until: ["condition"],
};

/** Names of parameters of a type that are expressions without braces. */
export function bareExpressions(type: string): readonly string[] {
	return expressions[type] ?? [];
}

/** Strings of a step that are expressions, apart from the others. */
export function expressionsOf(step: MopStep, type: string): { path: FaultPath; source: string }[] {
	const parameters = bareExpressions(type).flatMap((name) => {
		const source = step.with?.[name];
		return typeof source === "string" ? [{ path: ["with", name], source }] : [];
	});
	return [...(typeof step.when === "string" ? [{ path: ["when"], source: step.when }] : []), ...parameters];
}

/** The rest of a step's parameters: strings in them are texts. */
export function textsOf(step: MopStep, type: string): Record<string, unknown> {
	const bare = bareExpressions(type);
	return Object.fromEntries(Object.entries(step.with ?? {}).filter(([name]) => !bare.includes(name)));
}

/** Templates and expressions that cannot be read. */
export function checkStepTemplates(document: MopDocument, { step, path }: PlacedStep, type: string): Fault[] {
	const found = [
		...checkTemplates(textsOf(step, type)).map((problem) => ({
			...problem,
			at: ["with", ...problem.path.split(".").filter(Boolean)],
		})),
		...expressionsOf(step, type).flatMap(({ path: at, source }) =>
			checkTemplates(source, "condition").map((problem) => ({ ...problem, at })),
		),
	];
	return found.map(({ at, code, message, line }) => {
		const where = `\`${at.join(".")}\`${line !== undefined && line > 1 ? `, its line ${line}` : ""}`;
		return error(code, [...path, ...at], inStep(document, path, `${where}: ${message}`));
	});
}
