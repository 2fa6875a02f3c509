import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { pipeline } from "node:stream/promises";
import { createZstdDecompress } from "node:zlib";
import { isAppError } from "../errors.ts";
import { type BackupRecord, type Contents, readRecords } from "./records.ts";
import { damaged, openFrames, openSealedFile, type SealingSecret } from "./sealed-file.ts";
import type { BackupSummary } from "./take-backup.ts";

/** What is done with a backup on the way through it. */
export interface BackupReader {
	contents(contents: Contents): Promise<void>;
	/** Must take all of `rows`. Answers how many they were, where it knows. */
	table(
		schema: string,
		table: string,
		columns: readonly string[],
		rows: AsyncIterable<Buffer>,
	): Promise<number | undefined>;
}

/**
 * Reads a backup from its beginning to its end and gives each part to `reader`, verified. That the file goes on as it should is known only
 * when this resolves: every table that the manifest names was there, whole and in its order.
 * @throws system.backup_damaged
 * @throws system.backup_key_wrong
 */
export async function readBackup(path: string, secret: SealingSecret, reader: BackupReader): Promise<BackupSummary> {
	const { header, key, offset } = await openSealedFile(path, secret);
	let summary: Omit<BackupSummary, "file_bytes"> | undefined;
	try {
		await pipeline(
			createReadStream(path, { start: offset, highWaterMark: 1024 * 1024 }),
			(file: AsyncIterable<Buffer>) => openFrames(key, file),
			createZstdDecompress(),
			async (content: AsyncIterable<Buffer>) => {
				const { contents, totals } = await walk(readRecords(content), reader);
				summary = {
					version: contents.version,
					made_at: contents.made_at,
					sealed_with: header.key.kind,
					master_key_id: contents.master_key_id,
					schemas: contents.schemas.map(({ schema }) => schema),
					...totals,
				};
			},
		);
	} catch (error) {
		if (isAppError(error) || !isZstdError(error)) throw error;
		throw damaged("It cannot be decompressed.");
	}
	if (summary === undefined) throw damaged("Its end is missing.");
	return { ...summary, file_bytes: (await stat(path)).size };
}

/**
 * Verifies that a backup is whole, without writing anything anywhere, and answers its manifest and what it holds.
 * @throws system.backup_damaged
 * @throws system.backup_key_wrong
 */
export async function verifyBackup(
	path: string,
	secret: SealingSecret,
): Promise<{ contents: Contents; summary: BackupSummary }> {
	let found: Contents | undefined;
	const summary = await readBackup(path, secret, {
		async contents(contents) {
			found = contents;
		},
		async table(_schema, _table, _columns, rows) {
			for await (const _ of rows);
			return undefined;
		},
	});
	if (found === undefined) throw damaged("Its manifest is missing.");
	return { contents: found, summary };
}

function isZstdError(error: unknown): boolean {
	return (
		error instanceof Error && "code" in error && /^(ZSTD_|Z_|ERR_ZSTD|ERR_ZLIB|ERR__ERROR)/.test(String(error.code))
	);
}

async function walk(
	records: AsyncGenerator<BackupRecord>,
	reader: BackupReader,
): Promise<{ contents: Contents; totals: { tables: number; rows: number; bytes: number } }> {
	const next = async (): Promise<BackupRecord> => {
		const { value, done } = await records.next();
		if (done) throw damaged("Its end is missing.");
		return value;
	};
	const first = await next();
	if (first.type !== "contents") throw damaged("Its manifest is missing.");
	const contents = first.value;
	await reader.contents(contents);

	const totals = { tables: 0, rows: 0, bytes: 0 };
	for (const { schema, tables } of contents.schemas) {
		for (const { table, columns } of tables) {
			const begun = await next();
			if (begun.type !== "table" || begun.value.schema !== schema || begun.value.table !== table) {
				throw damaged(`The table ${schema}.${table} is missing.`);
			}
			const hash = createHash("sha256");
			let bytes = 0;
			let told: { rows: number; bytes: number; sha256: string } | undefined;
			async function* rows(): AsyncGenerator<Buffer> {
				for (;;) {
					const record = await next();
					if (record.type === "rows") {
						hash.update(record.value);
						bytes += record.value.length;
						yield record.value;
						continue;
					}
					if (record.type !== "table_end") throw damaged(`The end of the table ${schema}.${table} is missing.`);
					told = record.value;
					if (told.bytes !== bytes || told.sha256 !== hash.digest("hex")) {
						throw damaged(`The table ${schema}.${table} is not what it was.`);
					}
					return;
				}
			}
			const taken = await reader.table(schema, table, columns, rows());
			if (told === undefined || (taken !== undefined && taken !== told.rows)) {
				throw damaged(`The table ${schema}.${table} has other rows than were written.`);
			}
			totals.tables += 1;
			totals.rows += told.rows;
			totals.bytes += bytes;
		}
	}
	const last = await next();
	if (last.type !== "end" || last.value.rows !== totals.rows || last.value.tables !== totals.tables) {
		throw damaged("Its end does not match what it holds.");
	}
	if (!(await records.next()).done) throw damaged("Something was added at its end.");
	return { contents, totals };
}
