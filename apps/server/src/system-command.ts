import { parseArgs } from "node:util";
import type { Environment } from "@netconductor/runtime/config";
import type { BackupSummary, Progress } from "@netconductor/runtime/self-backup/take-backup";
import { systemBackup, systemRestore } from "./system-backup.ts";

const usage = `Usage: netconductor system backup --to=FILE [--passphrase-file=FILE] [--json] [--config=netconductor.yaml]
       netconductor system restore FILE [--check] [--force] and the same options

backup writes everything that is stored to a new file, also while the server runs. restore puts it back, with the server stopped;
--check only verifies the file, --force replaces what is there. Progress goes to standard error. Ends with 0 when it is done, 2 for a
wrong command line, 78 for a wrong configuration or master key, 1 when it was refused or failed; a restore that failed has changed nothing, or says so.
`;

/** Runs `system backup` or `system restore` and answers the exit code. */
export async function runSystemCommand(args: readonly string[], env: Environment): Promise<number> {
	const read = readArguments(args);
	if (read === undefined) return 2;
	const started = performance.now();
	const shared = { file: read.file, passphrase_file: read.passphrase_file, env, config_file: read.config };
	const { onTable, tellLast } = tellProgress();
	if (read.command === "backup") {
		const made = await systemBackup({ ...shared, onTable });
		tellLast();
		const result = { ...made, file: read.file, duration_ms: Math.round(performance.now() - started) };
		await write(read.json ? toJson(result) : `${render(result)}\n${keepKey(made)}\n`);
		return 0;
	}
	const found = await systemRestore({ ...shared, onTable, force: read.force, check: read.check });
	tellLast();
	const result = { ...found, file: read.file, duration_ms: Math.round(performance.now() - started) };
	const verdict = found.restored ? "Restored: the server can be started." : "The file is whole. Nothing was restored.";
	await write(read.json ? toJson(result) : `${[render(result), ...found.held, verdict].join("\n")}\n`);
	return 0;
}

function readArguments(args: readonly string[]) {
	try {
		const { values, positionals } = parseArgs({
			args: [...args],
			allowPositionals: true,
			options: {
				to: { type: "string" },
				"passphrase-file": { type: "string" },
				config: { type: "string" },
				force: { type: "boolean" },
				check: { type: "boolean" },
				json: { type: "boolean" },
			},
		});
		const [command, from, ...more] = positionals;
		const isBackup = command === "backup" && from === undefined && !values.force && !values.check;
		const isRestore = command === "restore" && more.length === 0 && values.to === undefined;
		const file = isBackup ? values.to : isRestore ? from : undefined;
		if (file === undefined || file === "") throw new RangeError("");
		return {
			command: isBackup ? ("backup" as const) : ("restore" as const),
			file,
			passphrase_file: values["passphrase-file"],
			config: values.config,
			force: values.force === true,
			check: values.check === true,
			json: values.json === true,
		};
	} catch (error) {
		const { message } = error as Error;
		process.stderr.write(message === "" ? usage : `netconductor: ${message}\n${usage}`);
		return undefined;
	}
}

/** A line for each schema when it is done. */
function tellProgress() {
	let current: { schema: string; tables: number; rows: number; bytes: number } | undefined;
	function tellLast(): void {
		if (current === undefined) return;
		const { schema, tables, rows, bytes } = current;
		process.stderr.write(`${schema}: ${tables} tables, ${rows} rows, ${megabytes(bytes)}\n`);
		current = undefined;
	}
	return {
		onTable({ schema, rows, bytes }: Progress) {
			if (current?.schema !== schema) tellLast();
			current ??= { schema, tables: 0, rows: 0, bytes: 0 };
			current.tables += 1;
			current.rows += rows;
			current.bytes += bytes;
		},
		tellLast,
	};
}

function render(result: BackupSummary & { file: string; duration_ms: number }): string {
	const { file, made_at, version, tables, rows, bytes, file_bytes, duration_ms, schemas } = result;
	return [
		`${file}: of ${made_at}, NetConductor ${version}`,
		`${rows} rows in ${tables} tables of ${schemas.length} services, ${megabytes(bytes)}; the file has ${megabytes(file_bytes)}`,
		`Took ${(duration_ms / 1000).toFixed(1)} s.`,
	].join("\n");
}

function keepKey({ sealed_with, master_key_id }: BackupSummary): string {
	const opens = sealed_with === "passphrase" ? "the passphrase and the master key" : "the master key";
	return `Restoring it takes ${opens} ${master_key_id}, which is not in it: keep that elsewhere.`;
}

function megabytes(bytes: number): string {
	return `${(bytes / 1e6).toFixed(1)} MB`;
}

function toJson(value: unknown): string {
	return `${JSON.stringify(value, null, 2)}\n`;
}

/** Only a written answer is one: process.exit does not wait for a pipe. */
function write(text: string): Promise<void> {
	return new Promise((resolve) => process.stdout.write(text, () => resolve()));
}
