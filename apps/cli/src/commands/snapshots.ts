import { backupApi } from "@netconductor/contracts/backup/api";
import type { Snapshot } from "@netconductor/contracts/backup/model";
import type { Command } from "commander";
import { type Cli, confirmed, type Open } from "../cli.ts";
import { workFailure } from "../failure.ts";
import { addListCommand } from "../list-command.ts";
import { renderCounts, renderUnified } from "../output/diff.ts";
import { sanitiseLine } from "../output/sanitise.ts";
import { renderFields, renderTable } from "../output/table.ts";
import type { Style } from "../output/terminal.ts";
import { byteCount, count, localTime } from "../output/words.ts";
import { findSnapshot } from "../resolve.ts";

const styles: Record<Snapshot["status"], Style> = {
	running: "dim",
	complete: "good",
	partial: "warning",
	failed: "bad",
};

/** `snapshots`: the fleet's configurations at one time. */
export function addSnapshotCommands(program: Command, open: Open): void {
	const snapshots = program.command("snapshots").description("Snapshots: the fleet's configurations at one time");
	addListCommand<Snapshot>(snapshots, open, {
		description: "Snapshots, newest first",
		operation: backupApi.operations.listSnapshots,
		read: (cli, query) => cli.clients.backup.listSnapshots({ query }),
		noun: "snapshot",
		columns: [
			{ title: "NAME", value: ({ name }) => name },
			{ title: "STATUS", value: ({ status }) => status, style: ({ status }) => styles[status] },
			{ title: "DEVICES", value: ({ devices }) => devices, align: "right" },
			{ title: "FAILED", value: ({ failed }) => failed, align: "right" },
			{ title: "CHANGED", value: ({ changed }) => changed, align: "right" },
			{ title: "PINNED", value: ({ pinned }) => (pinned ? "yes" : "") },
			{ title: "CREATED", value: ({ created_at }) => localTime(created_at), whole: true },
			{ title: "ID", value: ({ id }) => id, whole: true },
		],
	});

	snapshots
		.command("show <snapshot>")
		.description("One snapshot (name, id, latest or previous)")
		.action(async (given: string, _options: unknown, self: Command) => {
			const cli = open(self);
			const snapshot = await findSnapshot(cli, given);
			cli.print(snapshot, () =>
				renderFields(
					[
						["Name", snapshot.name],
						["Id", snapshot.id],
						["Status", snapshot.status],
						["Description", snapshot.description || undefined],
						["Devices", snapshot.devices],
						["Succeeded", snapshot.succeeded],
						["Failed", snapshot.failed],
						["Skipped", snapshot.skipped],
						["Changed", snapshot.changed],
						["Size", byteCount(snapshot.size_bytes)],
						["Pinned", snapshot.pinned],
						["Started by", snapshot.started_by],
						["Created", localTime(snapshot.created_at)],
						["Finished", localTime(snapshot.finished_at)],
						["Run", snapshot.run_id],
					],
					cli.terminal.paint,
				),
			);
		});

	snapshots
		.command("compare [from] [to]")
		.description("What changed between two snapshots, device by device (default: previous latest)")
		.option("--stat", "Only counts")
		.option("--exit-code", "End with 1 when something differs")
		.action(
			async (from = "previous", to = "latest", options: { stat?: boolean; exitCode?: boolean }, self: Command) => {
				const cli = open(self);
				const [older, newer] = await Promise.all([findSnapshot(cli, from), findSnapshot(cli, to)]);
				await compareSnapshots(cli, older, newer, options);
			},
		);

	snapshots
		.command("delete <snapshot>")
		.description("Delete a snapshot with its backups")
		.option("--dry-run", "Only say what would go")
		.option("--yes", "Do not ask")
		.action(async (given: string, { dryRun, yes }: { dryRun?: boolean; yes?: boolean }, self: Command) => {
			const cli = open(self);
			const { id, name } = await findSnapshot(cli, given);
			const remove = (dry_run: "true" | "false") =>
				cli.clients.backup.deleteSnapshot({ params: { id }, query: { dry_run } });
			if (!dryRun) {
				const { backups } = await remove("true");
				if (!(await confirmed(cli, yes, `Delete the snapshot ${name} with ${count(backups, "backup")}?`))) return;
			}
			const result = await remove(dryRun ? "true" : "false");
			cli.print(
				result,
				() =>
					`${dryRun ? "Would delete" : "Deleted"} ${name}: ${count(result.backups, "backup")}, ${byteCount(result.bytes)}\n`,
			);
		});
}

type Comparison = Awaited<ReturnType<Cli["clients"]["backup"]["compareSnapshots"]>>;
type Entry = Comparison["items"][number];

async function compareSnapshots(
	cli: Cli,
	from: Snapshot,
	to: Snapshot,
	{ stat, exitCode }: { stat?: boolean; exitCode?: boolean },
): Promise<void> {
	const { backup } = cli.clients;
	const items: Entry[] = [];
	let summary: Comparison["summary"];
	for (let page = 1; ; page++) {
		const answer = await backup.compareSnapshots({
			params: { id: from.id, id2: to.id },
			query: { status: ["changed", "only_in_from", "only_in_to"], page, page_size: 500 },
		});
		items.push(...answer.items);
		summary = answer.summary;
		if (answer.items.length === 0 || page * answer.page_size >= answer.total) break;
	}
	const withDiff = async (entry: Entry) => {
		const { from_backup_id, to_backup_id, status } = entry;
		if (stat || status !== "changed" || from_backup_id === null || to_backup_id === null)
			return { ...entry, unified: null };
		const { unified } = await backup.compareBackups({ query: { from: from_backup_id, to: to_backup_id } });
		return { ...entry, unified };
	};

	if (cli.json) {
		const compared = [];
		for (const entry of items) compared.push(await withDiff(entry));
		cli.print({ from, to, summary, items: compared }, () => "");
	} else if (stat) {
		cli.terminal.out(items.length === 0 ? "" : renderStat(cli, items));
	} else {
		// Written as they come: a thousand diffs are not gathered first.
		for (const entry of items) cli.terminal.out(renderEntry(cli, await withDiff(entry)));
	}
	const { changed, unchanged, only_in_from, only_in_to } = summary;
	cli.note(
		`${sanitiseLine(from.name)} → ${sanitiseLine(to.name)}: ${count(changed, "device")} changed, ${unchanged} unchanged, ${only_in_from} only in the first, ${only_in_to} only in the second`,
	);
	if (exitCode && items.length > 0) {
		throw workFailure("cli.differs", "The snapshots differ", count(items.length, "device"));
	}
}

function renderStat(cli: Cli, items: readonly Entry[]): string {
	return renderTable(
		[
			{ title: "DEVICE", value: ({ device_name }) => device_name },
			{ title: "STATUS", value: ({ status }) => statusWords[status] },
			{ title: "ADDED", value: ({ added }) => added, align: "right", style: () => "added" },
			{ title: "REMOVED", value: ({ removed }) => removed, align: "right", style: () => "removed" },
		],
		items,
		cli.terminal,
	);
}

const statusWords: Record<Entry["status"], string> = {
	unchanged: "unchanged",
	changed: "changed",
	only_in_from: "only in the first",
	only_in_to: "only in the second",
};

function renderEntry(cli: Cli, entry: Entry & { unified: string | null }): string {
	const { paint, out_is_terminal } = cli.terminal;
	const name = paint("heading", sanitiseLine(entry.device_name));
	if (entry.unified === null) return `${name}: ${statusWords[entry.status]}\n\n`;
	const counts = renderCounts(entry.added, entry.removed, paint);
	return `${name} ${counts}\n${renderUnified(entry.unified, { paint, safe: out_is_terminal })}\n`;
}
