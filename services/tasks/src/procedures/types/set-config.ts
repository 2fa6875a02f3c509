import { findDangerousCommands } from "@netconductor/contracts/alerts/dangerous-commands";
import { StackCheck } from "@netconductor/contracts/config/stacks";
import { DeviceCheck } from "@netconductor/contracts/devices/checks";
import { applyChange, planChange } from "@netconductor/driver-core/change/change";
import { maskEcho } from "@netconductor/runtime/config-text";
import { z } from "zod";
import { changeResult, safely } from "../../steps/safe-change.ts";
import { Pattern } from "../shared/commands.ts";
import { cutRows, longestPart } from "../shared/shown-output.ts";
import { defineDeviceStep } from "../step-type.ts";

const mostDangers = 20;

const Lines = z
	.union([
		z.array(z.string().max(10_000)).min(1).max(200_000),
		z
			.string()
			.max(2_000_000)
			.transform((text) => text.split(/\r?\n/)),
	])
	.refine((lines) => lines.some((line) => line.trim() !== ""), "No line to send");

const CommandCheck = z.strictObject({ ...StackCheck.shape, expect: Pattern });
/** A parameter that is not known may be one that was meant otherwise: the check would ask less than it says. */
const StateCheck = z.discriminatedUnion(
	"kind",
	DeviceCheck.options.map((check) => check.strict()) as unknown as typeof DeviceCheck.options,
);

/** Changes the configuration, with everything that the platform has to take the change back. */
export const stepType = defineDeviceStep({
	type: "set_config",
	aliases: ["configure"],
	label: "Change the configuration",
	description:
		"Sends configuration lines and proves over a new session that the device is reachable and the checks hold; else the device takes the change back, or we do. Where nothing would change the device is skipped. Its rollback takes back exactly what it changed. Result: `outcome` (confirmed, rolled_back, not_restored, unknown, unchanged), `diff`, `commands`, `undo_kind` (native: the device has a timer of its own; emulated: our worker has it and must reach the device again; none), `saved`, `dangerous` (commands that may cost more than they look), `cut`.",
	category: "change",
	runs_on: "devices",
	mode: "write",
	params: z.strictObject({
		lines: Lines.describe("Lines as they are typed in configuration mode, sections indented: a text or a list."),
		confirm_within_s: z
			.int()
			.min(60)
			.max(3_600)
			.default(300)
			.describe("How long the device waits for confirmation before it takes the change back, in seconds."),
		checks: z
			.array(CommandCheck)
			.max(20)
			.default([])
			.describe(
				"Commands that are asked after the change until they answer as they should: `name`, `command`, `expect` (RE2), `negate`, `within_s`. One that does not takes the change back.",
			),
		state_checks: z
			.array(StateCheck)
			.max(20)
			.default([])
			.describe(
				"What the device must know after the change: `kind` (bgp, ospf, interfaces, routes, ping) and its parameters. One that does not hold takes the change back.",
			),
		save: z
			.boolean()
			.default(true)
			.describe("Whether the change becomes part of what the device starts with. Some systems always save."),
	}),
	example: {
		lines: "router bgp 65001\n neighbor {{ neighbor }} remote-as 65010",
		state_checks: [{ kind: "bgp", neighbors: ["{{ neighbor }}"] }],
	},
	commands: ({ lines }) => lines,
	async run(context) {
		const { params, connection, log } = context;
		const { platform } = connection;
		const masked = (line: string) => maskEcho(line, platform);
		const session = await context.session();
		const planned = await planChange(session, params.lines);
		const { rows: commands, cut } = cutRows(planned.commands.map(masked), longestPart);
		const dangerous = findDangerousCommands(planned.commands, platform.id, mostDangers).map((found) => ({
			...found,
			command: masked(found.command),
		}));
		for (const { command, why, level } of dangerous) log(`${level}: \`${command}\` ${why}`);
		const known = { commands, undo_kind: planned.undo.kind, dangerous };
		if (planned.unchanged) {
			const skipped = "Nothing to change: it stands there already";
			log(skipped);
			return { result: { outcome: "unchanged", diff: "", ...known, saved: true, cut }, skipped };
		}
		const { before } = planned;
		await context.keepUndo({ before, after: null });
		await context.beforeWriting();
		const options = safely(context, {
			confirm_within_s: params.confirm_within_s,
			checks: params,
			expected: { running_sha256: planned.running_sha256 },
			save: params.save,
			// Whoever takes it back later knows by it what others changed since.
			beforeConfirming: ({ text: after }) => context.keepUndo({ before, after }),
		});
		const applied = await applyChange(session, params.lines, options);
		// Tried again later, what others changed until then is not taken for ours.
		if (applied.outcome === "rolled_back" && !context.signal.aborted) await context.keepUndo({ before, after: before });
		const { result, ...end } = changeResult(applied, { ...context, save: params.save });
		const { outcome, saved } = result;
		const diff = result.diff.slice(0, longestDiff);
		const isCut = cut || applied.diff.length > longestDiff;
		return { ...end, result: { outcome, diff, ...known, saved, cut: isCut } };
	},
});

/** Characters of the difference: with the commands it is most of the result. */
const longestDiff = 120_000;
