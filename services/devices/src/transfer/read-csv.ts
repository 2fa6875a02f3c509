import { Readable } from "node:stream";
import { setImmediate as turn } from "node:timers/promises";
import type { ImportProblem } from "@netconductor/contracts/devices/model";
import { unguardCell } from "@netconductor/runtime/csv";
import { parse } from "csv-parse";
import { type FoundRow, fieldOf, type ImportField, unknownField } from "./fields.ts";

const sliceBytes = 64 * 1024;
const delimiters = [",", ";", "\t"];
const newline = 10;
const carriageReturn = 13;

/** Values of cells that mean more than their text. */
const booleans = new Map([
	...["true", "yes", "on", "1"].map((word) => [word, true] as const),
	...["false", "no", "off", "0"].map((word) => [word, false] as const),
]);

interface CsvRecord {
	record: string[];
	info: { bytes: number };
}

/**
 * Rows of a CSV file with a header line (RFC 4180; comma, semicolon or tab; BOM or not; any line ending). What cannot be read is a problem
 * with its place; messages never repeat the content of a cell, which may be a password in the wrong column.
 */
export async function readCsv(
	content: string,
	columns: Readonly<Record<string, string>>,
	problems: ImportProblem[],
): Promise<FoundRow[]> {
	const bytes = Buffer.from(content);
	const rows: FoundRow[] = [];
	let header: (ImportField | "")[] | undefined;
	let row = 0;
	const lines = createLineCounter(bytes);
	const parser = parse({
		bom: true,
		delimiter: detectDelimiter(content, columns),
		record_delimiter: ["\r\n", "\n", "\r"],
		relax_column_count: true,
		skip_empty_lines: true,
		trim: true,
		info: true,
		max_record_size: 1024 * 1024,
	});
	try {
		for await (const { record, info } of Readable.from(slices(bytes)).pipe(parser) as AsyncIterable<CsvRecord>) {
			const line = lines.startOf(info.bytes);
			if (header === undefined) {
				header = readHeader(record, columns, line, problems);
				if (header === undefined) break;
				continue;
			}
			row++;
			if (record.length !== header.length) {
				problems.push({
					row,
					line,
					column: null,
					message: `The row has ${record.length} ${record.length === 1 ? "cell" : "cells"}, the header ${header.length}. A cell that holds the delimiter must be in quotes`,
				});
				continue;
			}
			const values = new Map<ImportField, unknown>();
			header.forEach((field, index) => {
				if (field === "") return;
				const value = cellValue(field, record[index] ?? "");
				if (value !== undefined) values.set(field, value);
			});
			rows.push({ row, line, values });
		}
	} catch (error) {
		const { code, lines: line } = error as { code?: string; lines?: number };
		if (code === undefined) throw error;
		problems.push({ row: row + 1, line: line ?? lines.last(), column: null, message: faultOf(code) });
	}
	if (header === undefined && problems.length === 0) {
		problems.push({ row: 0, line: 1, column: null, message: "The file is empty: it needs a header line" });
	}
	return rows;
}

/** In slices, with a turn for other work between them. */
async function* slices(bytes: Buffer): AsyncGenerator<Buffer> {
	for (let from = 0; from < bytes.length; from += sliceBytes) {
		if (from > 0) await turn();
		yield bytes.subarray(from, from + sliceBytes);
	}
}

/** The delimiter that makes most known fields of the first line. */
function detectDelimiter(content: string, columns: Readonly<Record<string, string>>): string {
	const [first = ""] = /[^\r\n]+/.exec(content.replace(/^\uFEFF/, "").slice(0, 100_000)) ?? [];
	const known = (delimiter: string) =>
		first.split(delimiter).filter((word) => fieldOf(word.trim().replace(/^"(.*)"$/, "$1"), columns) !== undefined)
			.length;
	return delimiters.toSorted((a, b) => known(b) - known(a))[0] ?? ",";
}

function readHeader(
	record: string[],
	columns: Readonly<Record<string, string>>,
	line: number,
	problems: ImportProblem[],
): (ImportField | "")[] | undefined {
	const fields = record.map((header) => fieldOf(header, columns));
	const problem = (column: string | null, message: string) => problems.push({ row: 0, line, column, message });
	if (!fields.includes("name")) {
		// It may be a row of a file without header, so nothing of it is repeated.
		problem(null, "The first line must name the columns, and one of them must be name");
		return undefined;
	}
	const before = problems.length;
	const seen = new Set<string>();
	fields.forEach((field, index) => {
		const header = record[index] ?? "";
		if (field === undefined) problem(header.slice(0, 60), unknownField(header));
		else if (field !== "" && seen.has(field)) problem(field, `The column ${field} is there twice`);
		else seen.add(field);
	});
	return problems.length > before ? undefined : fields.map((field) => field ?? "");
}

/**
 * What a cell says. An empty one says nothing, save where empty is a value: lists, site, worker pool, description and jump host are emptied by it.
 */
function cellValue(field: ImportField, cell: string): unknown {
	switch (field) {
		case "tags":
		case "groups":
			return cell
				.split(";")
				.map((word) => word.trim())
				.filter((word) => word !== "");
		case "site":
			return cell === "" ? null : unguardCell(cell);
		case "jump_host":
		case "worker_pool":
			return cell === "" ? null : cell;
		case "description":
			return unguardCell(cell);
		case "port":
			return cell === "" ? undefined : /^\d{1,5}$/.test(cell) ? Number(cell) : cell;
		case "enabled":
		case "legacy_algorithms":
			return cell === "" ? undefined : (booleans.get(cell.toLowerCase()) ?? cell);
		case "credential":
			return cell === "" ? undefined : unguardCell(cell);
		case "name":
			return cell;
		default:
			return cell === "" ? undefined : cell;
	}
}

function faultOf(code: string): string {
	switch (code) {
		case "CSV_QUOTE_NOT_CLOSED":
			return "A quote is opened here and never closed";
		case "INVALID_OPENING_QUOTE":
			return 'A quote stands inside a cell that does not start with one. Put the cell in quotes and double those within: "24"" rack"';
		case "CSV_INVALID_CLOSING_QUOTE":
		case "CSV_NON_TRIMABLE_CHAR_AFTER_CLOSING_QUOTE":
			return "Text follows the closing quote of a cell. Double quotes within a quoted cell";
		case "CSV_MAX_RECORD_SIZE":
			return "The row is larger than 1 MiB; perhaps a quote before it is never closed";
		default:
			return "The row is not valid CSV";
	}
}

/** Counts lines up to where records start; the parser's own count takes CR LF within a quoted cell for two. */
function createLineCounter(bytes: Buffer) {
	let at = 0;
	let line = 1;
	const isEnd = (index: number) =>
		bytes[index] === newline || (bytes[index] === carriageReturn && bytes[index + 1] !== newline);
	return {
		/** Line in which the record that ends at `end` starts. Ends are asked in order. */
		startOf(end: number): number {
			while (at < end && (bytes[at] === newline || bytes[at] === carriageReturn)) {
				if (isEnd(at)) line++;
				at++;
			}
			const start = line;
			for (; at < end; at++) if (isEnd(at)) line++;
			return start;
		},
		last: () => line,
	};
}
