import { z } from "zod";
import { damaged } from "./sealed-file.ts";

/** What a sealed file holds, compressed: records, each a type, a length and content. */

const types = { contents: 1, table: 2, rows: 3, table_end: 4, end: 5 } as const;
/** The contents name every table and column; rows come in pieces of 256 KB. */
const most_bytes = 64 * 1024 * 1024;

const Schema = z.strictObject({
	schema: z.string(),
	/** In the order in which they were applied. */
	migrations: z.array(z.strictObject({ history: z.string(), tag: z.string(), hash: z.string() })),
	tables: z.array(z.strictObject({ table: z.string(), columns: z.array(z.string()).min(1) })),
	sequences: z.array(z.strictObject({ sequence: z.string(), last_value: z.string(), is_called: z.boolean() })),
});
/** A service's tables in a backup. */
export type BackedUpSchema = z.output<typeof Schema>;

const Contents = z.strictObject({
	/** Of the product. */
	version: z.string(),
	made_at: z.iso.datetime(),
	/** PostgreSQL's. */
	server_version: z.string(),
	/** What the stored secrets are sealed with in the end. */
	master_key_id: z.string(),
	schemas: z.array(Schema),
});
/** The manifest: first in the file; what is only known afterwards stands at the end of each table. */
export type Contents = z.output<typeof Contents>;

const Table = z.strictObject({ schema: z.string(), table: z.string() });
const TableEnd = z.strictObject({ rows: z.int().min(0), bytes: z.int().min(0), sha256: z.hex().length(64) });
const End = z.strictObject({ tables: z.int(), rows: z.int(), bytes: z.int() });

export type BackupRecord =
	| { type: "contents"; value: Contents }
	| { type: "table"; value: z.output<typeof Table> }
	| { type: "rows"; value: Buffer }
	| { type: "table_end"; value: z.output<typeof TableEnd> }
	| { type: "end"; value: z.output<typeof End> };

export function writeRecord(record: BackupRecord): Buffer {
	const content = record.type === "rows" ? record.value : Buffer.from(JSON.stringify(record.value));
	const head = Buffer.alloc(5);
	head.writeUInt8(types[record.type]);
	head.writeUInt32BE(content.length, 1);
	return Buffer.concat([head, content]);
}

/** @throws system.backup_damaged */
export async function* readRecords(source: AsyncIterable<Buffer>): AsyncGenerator<BackupRecord> {
	let waiting: Buffer[] = [];
	let size = 0;
	let needed = 5;
	for await (const piece of source) {
		waiting.push(piece);
		size += piece.length;
		if (size < needed) continue;
		let all = Buffer.concat(waiting);
		for (needed = 5; all.length >= 5; ) {
			const length = all.readUInt32BE(1);
			if (length > most_bytes) throw damaged("A part of it is too long.");
			needed = 5 + length;
			if (all.length < needed) break;
			yield readRecord(all.readUInt8(), all.subarray(5, needed));
			all = all.subarray(needed);
			needed = 5;
		}
		waiting = [all];
		size = all.length;
	}
	if (size > 0) throw damaged("Its last part is cut.");
}

function readRecord(type: number, content: Buffer): BackupRecord {
	switch (type) {
		case types.rows:
			return { type: "rows", value: content };
		case types.contents:
			return { type: "contents", value: read(Contents, content) };
		case types.table:
			return { type: "table", value: read(Table, content) };
		case types.table_end:
			return { type: "table_end", value: read(TableEnd, content) };
		case types.end:
			return { type: "end", value: read(End, content) };
		default:
			throw damaged("It holds something that this version does not know.");
	}
}

function read<T>(schema: z.ZodType<T>, content: Buffer): T {
	try {
		return schema.parse(JSON.parse(content.toString("utf8")));
	} catch {
		throw damaged("A part of it cannot be read.");
	}
}
