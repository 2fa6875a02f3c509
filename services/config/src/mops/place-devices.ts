import type { Selection, Target } from "@netconductor/contracts/devices/model";
import type { Procedure, ProgramStep } from "@netconductor/contracts/tasks/procedure";
import { failed } from "@netconductor/runtime/errors";
import type { CallerContext } from "@netconductor/runtime/host/call";
import { deviceContext } from "../templates/device-context.ts";
import { allSteps, type Draft, type DraftStep } from "./build-program.ts";
import type { DevicesClient } from "./clients.ts";

type Placed = Pick<Procedure, "steps" | "rollback" | "targets" | "skipped">;

const mostDevices = 5_000;

/**
 * Looks up the devices of a procedure and of its steps, as who chooses them. Disabled ones are left out, with the reason. A step may name devices that the
 * procedure has not: then every step says whom it is for.
 * @throws mops.no_devices, mops.too_many_devices, devices.not_found, device_groups.not_found
 */
export async function placeDevices(
	devices: DevicesClient,
	{ mop, draft, select }: { mop: string; draft: Draft; select: Selection | null },
	{ chosen_by, described_to }: { chosen_by: CallerContext; described_to: CallerContext },
): Promise<Placed> {
	const known = new Map<string, Target>();
	const answers = new Map<string, Target[]>();
	async function lookUp(wanted: Selection): Promise<Target[]> {
		const key = JSON.stringify(wanted);
		const before = answers.get(key);
		if (before !== undefined) return before;
		const { targets } = await devices.listTargets({ body: { select: wanted } }, chosen_by);
		answers.set(key, targets);
		for (const target of targets) known.set(target.device_id, target);
		return targets;
	}

	const own = select === null ? [] : await lookUp(select);
	const steps = [...allSteps(draft.steps), ...allSteps(draft.rollback)].map(({ step }) => step);
	for (const step of steps) if (step.select !== null) await lookUp(step.select);

	const enabled = [...known.values()].filter((target) => target.disabled_reason === null);
	const ownIds = idsOf(own);
	requireDevices(mop, draft, { own, ownIds, known: known.size, enabled: enabled.length });
	if (enabled.length > mostDevices) {
		throw failed("mops.too_many_devices", {
			message: `${mop} is for ${enabled.length} devices; one run may have ${mostDevices}. Start it for some of them at a time.`,
			details: { mop, devices: enabled.length },
		});
	}
	const named = new Set(ownIds);
	const goesBeyond = enabled.some(({ device_id }) => !named.has(device_id));
	const place = (step: DraftStep, outermost: boolean): ProgramStep => {
		const { select: wanted, info: _, written_type: __, blocks, ...rest } = step;
		const chosen = wanted === null ? undefined : idsOf(answers.get(JSON.stringify(wanted)) ?? []);
		return {
			...rest,
			targets: chosen ?? (outermost && goesBeyond && worksOnOwn(step) ? ownIds : null),
			blocks: blocks.map(({ name, steps: inner }) => ({ name, steps: inner.map((one) => place(one, false)) })),
		};
	};
	return {
		steps: draft.steps.map((step) => place(step, true)),
		rollback: draft.rollback.map((step) => place(step, true)),
		targets: await describe(devices, enabled, described_to),
		skipped: [...known.values()].flatMap(({ device_id, name, disabled_reason }) =>
			disabled_reason === null ? [] : [{ device_id, name, reason: `disabled: ${disabled_reason}` }],
		),
	};
}

function idsOf(targets: readonly Target[]): string[] {
	return targets.filter(({ disabled_reason }) => disabled_reason === null).map(({ device_id }) => device_id);
}

/** @throws mops.no_devices — steps are for devices, and there are none */
function requireDevices(
	mop: string,
	draft: Draft,
	{ own, ownIds, known, enabled }: { own: readonly Target[]; ownIds: string[]; known: number; enabled: number },
): void {
	const [first] = [...onOwnDevices(draft.steps), ...onOwnDevices(draft.rollback)];
	const isForDevices = [...allSteps(draft.steps)].some(({ step }) => step.info.runs_on === "devices");
	const lacks = first !== undefined && ownIds.length === 0;
	if (!lacks && !(isForDevices && enabled === 0)) return;
	const disabled = own.length > 0 || known > 0;
	throw failed("mops.no_devices", {
		message: disabled
			? `All devices that ${mop} is for are disabled. Nothing was started.`
			: `${mop} is for no device${first === undefined ? "" : `, but its step ${first.path} (${first.written_type}) works on devices`}. Say which devices it is for. Nothing was started.`,
		details: { mop, ...(first !== undefined && { step: first.path }) },
	});
}

/** Steps on devices that no selection of their own, nor of what they stand in, leads to. */
function* onOwnDevices(steps: readonly DraftStep[]): Generator<DraftStep> {
	for (const step of steps) {
		if (step.select !== null) continue;
		if (step.info.runs_on === "devices") yield step;
		for (const block of step.blocks) yield* onOwnDevices(block.steps);
	}
}

/** Whether a step, or one that stands in it, works on the procedure's own devices. */
function worksOnOwn(step: DraftStep): boolean {
	return onOwnDevices([step]).next().done !== true;
}

async function describe(
	devices: DevicesClient,
	targets: readonly Target[],
	caller: CallerContext,
): Promise<Procedure["targets"]> {
	if (targets.length === 0) return [];
	const body = { device_ids: targets.map(({ device_id }) => device_id) };
	const { devices: found } = await devices.describeDevices({ body }, caller);
	const types = [...new Set(found.map(({ device_type }) => device_type))];
	const { platforms } = await devices.getPlatforms({ body: { ids: types } }, caller);
	const pools = new Map(targets.map(({ device_id, worker_pool }) => [device_id, worker_pool]));
	const labels = new Map(platforms.map(({ id, label, vendor }) => [id, { label, vendor }]));
	// A device that was deleted in between is not among them.
	return found.map((device) => ({
		device_id: device.id,
		name: device.name,
		groups: device.groups,
		worker_pool: pools.get(device.id),
		context: deviceContext(device, labels.get(device.device_type) ?? { label: "", vendor: "" }).device,
	}));
}
