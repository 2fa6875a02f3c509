import { writeFile } from "node:fs/promises";
import { backupApi } from "@netconductor/contracts/backup/api";
import type { Backup, Coverage } from "@netconductor/contracts/backup/model";
import { visibleText } from "@netconductor/contracts/kernel/visible-text";
import { type Command, Option } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { usageFailure, workFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderCounts, renderUnified } from "../output/diff.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { type Column, renderTable } from "../output/table.ts";
import { byteCount, count, localTime } from "../output/words.ts";
import { pointInTime, wholeNumber } from "../query-options.ts";
import { findBackedUpDevice, findVersion, isId } from "../resolve.ts";
import { addSelectionOptions, type SelectionOptions, selectionOf } from "../selection.ts";
import { addBackupSchedule } from "./backup-schedule.ts";
import { addBackupSearch } from "./backup-search.ts";
import { reportRun } from "./runs.ts";

const versions = "A version is a backup id, latest, previous, ~N (N versions back), a time, or a snapshot.";

/** `backup`: take configurations, and look at what they were. */
export function addBackupCommands(program: Command, open: Open): void {
	const backup = program.command("backup").description("Backups: take configurations, see what changed");
	addRun(backup, open);
	addListCommand<Backup>(backup, open, {
		description: "Backups, newest first",
		operation: backupApi.operations.listBackups,
		read: (cli, query) => cli.clients.backup.listBackups({ query }),
		noun: "backup",
		columns: [
			{ title: "DEVICE", value: ({ device_name }) => device_name },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => (status === "failed" ? "bad" : "good") },
			{ title: "CHANGE", value: changeOf },
			{ title: "SIZE", value: ({ size_bytes }) => byteCount(size_bytes), align: "right" },
			{ title: "BY", value: ({ started_by }) => started_by },
			{ title: "TIME", value: ({ created_at }) => localTime(created_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});
	addShow(backup, open);
	addDiff(backup, open);
	addBackupSearch(backup, open);
	addCoverage(backup, open);
	addHistory(backup, open);
	addBlame(backup, open);
	addBackupSchedule(backup, open);
	addCleanup(backup, open);
}

function changeOf({ status, changed, lines_added, lines_removed, error }: Backup): string {
	if (status === "failed") return error?.code ?? "";
	if (changed === null) return "first";
	return changed ? `+${lines_added ?? "?"} -${lines_removed ?? "?"}` : "unchanged";
}

function addRun(backup: Command, open: Open): void {
	const command = backup
		.command("run [devices...]")
		.description("Back up devices, wait, and show what changed and what failed")
		.option("--name <name>", "Name of the snapshot")
		.option("--no-wait", "Only start it");
	addSelectionOptions(command);
	command.action(
		async (names: string[], options: SelectionOptions & { name?: string; wait: boolean }, self: Command) => {
			const cli = open(self);
			const { name, wait } = options;
			const select = await selectionOf(cli, names, options);
			const started = select.all
				? await cli.clients.backup.runAll({ body: { name } })
				: await cli.clients.backup.runSelected({ body: { select, name } });
			await reportRun(cli, started, wait);
		},
	);
}

function formOption(): Option {
	return new Option("--form <form>", "As sent, or without volatile lines")
		.choices(["raw", "normalised"])
		.default("normalised");
}

type Form = "raw" | "normalised";

function addShow(backup: Command, open: Open): void {
	backup
		.command("show <device>")
		.description("The configuration of a device (its newest), or of a backup given by id")
		.option("--at <version>", versions)
		.addOption(formOption())
		.option("--reveal", "Show secrets, where your role permits")
		.option("-o, --output <file>", "File to write, readable by you alone")
		.action(
			async (given: string, options: { at?: string; form: Form; reveal?: boolean; output?: string }, self: Command) => {
				const cli = open(self);
				const id = await backupId(cli, given, options.at ?? "latest", options.at === undefined);
				const answer = await cli.clients.backup.getBackupContent({
					params: { id },
					query: { form: options.form, reveal: options.reveal ? "true" : "false" },
				});
				if (options.output !== undefined) {
					await writeFile(options.output, answer.content, { mode: 0o600 });
					return cli.note(`Wrote ${options.output}.`);
				}
				cli.print(answer, () => {
					const text = cli.terminal.out_is_terminal ? visibleText(answer.content) : answer.content;
					return text.endsWith("\n") || text === "" ? text : `${text}\n`;
				});
			},
		);
}

/** A backup's id where one was given, else the version of the device. */
async function backupId(cli: Cli, given: string, version: string, mayBeBackup: boolean): Promise<string> {
	if (mayBeBackup && isId(given)) {
		const [found] = await Promise.allSettled([cli.clients.backup.getBackup({ params: { id: given } })]);
		if (found.status === "fulfilled") return given;
	}
	return (await findVersion(cli, await findBackedUpDevice(cli, given), version)).id;
}

interface DiffOptions {
	from?: string;
	to?: string;
	form: Form;
	sections?: boolean;
	context?: number;
	reveal?: boolean;
	stat?: boolean;
	exitCode?: boolean;
}

function addDiff(backup: Command, open: Open): void {
	backup
		.command("diff <device> [backup]")
		.description(
			"What changed on a device: its two newest versions, or --from and --to; or two backups by id, or one with the one before it",
		)
		.option("--from <version>", "Older version")
		.option("--to <version>", "Newer version (default: latest)")
		.addOption(formOption())
		.option("--sections", "Compare section by section, whatever their order")
		.option("--context <lines>", "Unchanged lines around a change", wholeNumber(0, 100))
		.option("--reveal", "Show secrets, where your role permits")
		.option("--stat", "Only counts")
		.option("--exit-code", "End with 1 when something differs")
		.addHelpText("after", `\n${versions}`)
		.action(async (first: string, second: string | undefined, options: DiffOptions, self: Command) => {
			const cli = open(self);
			const pair = await backupsToCompare(cli, first, second, options);
			if (pair === undefined) {
				return cli.print(
					{ device: first, identical: true, versions: 1 },
					() => `${sanitiseLine(first)} has one version so far; there is nothing to compare.\n`,
				);
			}
			const comparison = await cli.clients.backup.compareBackups({
				query: {
					...pair,
					form: options.form,
					mode: options.sections ? "section" : "text",
					context: options.context,
					reveal: options.reveal ? "true" : "false",
				},
			});
			cli.print(comparison, () => renderComparison(cli, comparison, options.stat === true));
			if (options.exitCode && !comparison.identical) {
				throw workFailure("cli.differs", "The configurations differ", `+${comparison.added} -${comparison.removed}`);
			}
		});
}

async function backupsToCompare(
	cli: Cli,
	first: string,
	second: string | undefined,
	{ from, to }: DiffOptions,
): Promise<{ from?: string; to: string } | undefined> {
	if (second === undefined && from === undefined && to === undefined && isId(first)) {
		const [found] = await Promise.allSettled([cli.clients.backup.getBackup({ params: { id: first } })]);
		if (found.status === "fulfilled") return { to: first };
	}
	if (second !== undefined) {
		if (from !== undefined || to !== undefined)
			throw usageFailure("Give either two backups, or a device with --from and --to.");
		if (!isId(first) || !isId(second))
			throw usageFailure("Two backups are named by their ids; `netconductor backup list` shows them.");
		return { from: first, to: second };
	}
	const device = await findBackedUpDevice(cli, first);
	if (from === undefined && to === undefined) {
		const { items } = await cli.clients.backup.getHistory({ params: { device_id: device.id }, query: { limit: 2 } });
		const [newest, before] = items;
		if (newest !== undefined)
			return before === undefined ? undefined : { from: before.backup_id, to: newest.backup_id };
	}
	const [newer, older] = await Promise.all([
		findVersion(cli, device, to ?? "latest"),
		findVersion(cli, device, from ?? "previous"),
	]);
	return { from: older.id, to: newer.id };
}

type Comparison = Awaited<ReturnType<Cli["clients"]["backup"]["compareBackups"]>>;

function renderComparison(cli: Cli, comparison: Comparison, stat: boolean): string {
	const { paint, out_is_terminal } = cli.terminal;
	const { from, to, identical, added, removed, unified, secrets_differ } = comparison;
	const head = `${sanitiseLine(to.device_name)}: ${localTime(from.created_at)} → ${localTime(to.created_at)}`;
	const hidden = secrets_differ ? "A secret differs; --reveal shows it where your role permits.\n" : "";
	if (identical) return `${head}: no difference\n${hidden}`;
	const summary = `${paint("heading", head)}  ${renderCounts(added, removed, paint)}\n${hidden}`;
	return stat ? summary : `${summary}${renderUnified(unified, { paint, safe: out_is_terminal })}`;
}

function addCoverage(backup: Command, open: Open): void {
	const styles = { good: "good", stale: "warning", never: "bad" } as const;
	addListCommand<Coverage["items"][number]>(backup, open, {
		name: "coverage",
		description: "Which enabled devices have a recent good backup; those without one first",
		operation: backupApi.operations.getCoverage,
		read: (cli, query) => cli.clients.backup.getCoverage({ query }),
		noun: "device",
		columns: [
			{ title: "DEVICE", value: ({ device_name }) => device_name },
			{ title: "TYPE", value: ({ device_type }) => device_type },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => styles[status] },
			{ title: "LAST GOOD", value: ({ last_good_at }) => localTime(last_good_at), whole: true },
			{ title: "LAST FAILED", value: ({ last_failed_at }) => localTime(last_failed_at), whole: true },
			{ title: "ERROR", value: ({ last_error }) => last_error?.message ?? "" },
		],
	});
}

type History = Awaited<ReturnType<Cli["clients"]["backup"]["getHistory"]>>["items"][number];

function addHistory(backup: Command, open: Open): void {
	const { getHistory } = backupApi.operations;
	addListCommand<History>(backup, open, {
		name: "history <device>",
		description: "Versions of a device's configuration, newest first",
		operation: getHistory,
		read: async (cli, query, _options, [given = ""]) => {
			const { id } = await findBackedUpDevice(cli, given);
			return cli.clients.backup.getHistory({ params: { device_id: id }, query });
		},
		noun: "version",
		columns: [
			{ title: "FIRST SEEN", value: ({ first_seen_at }) => localTime(first_seen_at), whole: true },
			{ title: "LAST SEEN", value: ({ last_seen_at }) => localTime(last_seen_at), whole: true },
			{ title: "SEEN", value: ({ seen }) => `${seen}×`, align: "right" },
			{
				title: "CHANGE",
				value: ({ lines_added, lines_removed }) =>
					lines_added === null ? "first" : `+${lines_added} -${lines_removed}`,
			},
			{ title: "BY", value: ({ started_by }) => started_by },
			{ title: "BACKUP", value: ({ backup_id }) => backup_id, whole: true },
		],
	});
}

function addBlame(backup: Command, open: Open): void {
	backup
		.command("blame <device>")
		.description("For each line of a device's configuration, since when it is there and which run showed it first")
		.option("--at <time>", "As things stood then", pointInTime)
		.action(async (given: string, { at }: { at?: string }, self: Command) => {
			const cli = open(self);
			const { id } = await findBackedUpDevice(cli, given);
			const answer = await cli.clients.backup.getBlame({ params: { device_id: id }, query: { at } });
			type Line = (typeof answer.lines)[number];
			const columns: Column<Line>[] = [
				{ title: "SINCE", value: ({ since }) => localTime(since), whole: true, style: () => "dim" },
				{ title: "BY", value: ({ started_by }) => started_by, whole: true },
				{ title: "RUN", value: ({ run_id }) => run_id, whole: true, style: () => "dim" },
				{ title: "LINE", value: ({ line }) => line, align: "right", whole: true },
				{ title: "TEXT", value: ({ text }) => text.replaceAll("\t", "    ") || " ", whole: true },
			];
			cli.print(answer, () => renderTable(columns, answer.lines, { ...cli.terminal, width: undefined }));
		});
}

function addCleanup(backup: Command, open: Open): void {
	backup
		.command("cleanup")
		.description("Delete backups beyond the retention; the newest good one of each device always stays")
		.option("--keep-days <days>", "Keep this long (default: what the schedule says)", wholeNumber(1, 36_500))
		.option("--keep-versions <number>", "Keep as many versions of each device", wholeNumber(1, 100_000))
		.option("--dry-run", "Only say what would go")
		.option("--yes", "Do not ask")
		.action(
			async (options: { keepDays?: number; keepVersions?: number; dryRun?: boolean; yes?: boolean }, self: Command) => {
				const cli = open(self);
				const cleanup = (dry_run: boolean) =>
					cli.clients.backup.cleanupBackups({
						body: { keep_days: options.keepDays, keep_versions: options.keepVersions, dry_run },
					});
				if (!options.dryRun && !options.yes) {
					const { backups, bytes } = await cleanup(true);
					if (!(await confirmed(cli, false, `Delete ${count(backups, "backup")} (${byteCount(bytes)})?`))) return;
				}
				const result = await cleanup(options.dryRun === true);
				cli.print(
					result,
					() =>
						`${result.dry_run ? "Would delete" : "Deleted"} ${count(result.backups, "backup")} and ${count(result.snapshots, "snapshot")}, ${byteCount(result.bytes)}\n`,
				);
			},
		);
}
