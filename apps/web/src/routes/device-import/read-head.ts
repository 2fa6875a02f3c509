/** What can be told of a file before the server reads it: its columns and the first values of each. */
export interface Head {
	headers: string[];
	/** First values of each header, in the same order. */
	samples: string[][];
}

export type Format = "csv" | "json";

const samplesOfEach = 3;
const objectsRead = 200;

/** By its first sign: a list of objects is JSON. */
export function formatOf(content: string): Format {
	return /^\uFEFF?\s*[[{]/.test(content.slice(0, 1000)) ? "json" : "csv";
}

/** The columns of a file; none where it cannot be read, which the server then explains by line. */
export function readHead(content: string, format: Format, known: (header: string) => boolean): Head {
	return format === "json" ? readJsonHead(content) : readCsvHead(content, known);
}

function readJsonHead(content: string): Head {
	let rows: unknown;
	try {
		rows = JSON.parse(content.replace(/^\uFEFF/, ""));
	} catch {
		return { headers: [], samples: [] };
	}
	if (!Array.isArray(rows)) return { headers: [], samples: [] };
	const objects = rows.slice(0, objectsRead).filter((row) => typeof row === "object" && row !== null);
	const headers = [...new Set(objects.flatMap((row) => Object.keys(row)))];
	const text = (value: unknown) =>
		value === undefined || value === null ? "" : Array.isArray(value) ? value.join(";") : String(value);
	return {
		headers,
		samples: headers.map((header) =>
			objects
				.map((row) => text(row[header]))
				.filter((value) => value !== "")
				.slice(0, samplesOfEach),
		),
	};
}

const delimiters = [",", ";", "\t"];

function readCsvHead(content: string, known: (header: string) => boolean): Head {
	const start = content.replace(/^\uFEFF/, "").slice(0, 1_000_000);
	const first = /[^\r\n]+/.exec(start)?.[0] ?? "";
	const fields = (delimiter: string) => readRecords(first, delimiter, 1)[0] ?? [];
	const knownOf = (delimiter: string) => fields(delimiter).filter(known).length;
	const [delimiter = ","] = delimiters.toSorted(
		(a, b) => knownOf(b) - knownOf(a) || fields(b).length - fields(a).length,
	);
	const [headers = [], ...rows] = readRecords(start, delimiter, samplesOfEach + 1);
	const named = headers.filter((header, index) => header !== "" || rows.some((row) => (row[index] ?? "") !== ""));
	return {
		headers: named,
		samples: named.map((header) => {
			const at = headers.indexOf(header);
			return rows.map((row) => row[at] ?? "").filter((value) => value !== "");
		}),
	};
}

/** The first `most` records of a CSV text (RFC 4180), each cell without blanks around it. */
export function readRecords(text: string, delimiter: string, most: number): string[][] {
	const records: string[][] = [];
	let record: string[] = [];
	let cell = "";
	let quoted = false;
	let at = 0;
	const endCell = () => {
		record.push(cell.trim());
		cell = "";
	};
	const endRecord = () => {
		endCell();
		if (record.some((one) => one !== "")) records.push(record);
		record = [];
	};
	while (at < text.length && records.length < most) {
		const sign = text[at];
		if (quoted) {
			if (sign !== '"') cell += sign;
			else if (text[at + 1] === '"') {
				cell += '"';
				at++;
			} else quoted = false;
		} else if (sign === '"' && cell.trim() === "") {
			quoted = true;
			cell = "";
		} else if (sign === delimiter) endCell();
		else if (sign === "\n" || sign === "\r") {
			if (sign === "\r" && text[at + 1] === "\n") at++;
			endRecord();
		} else cell += sign;
		at++;
	}
	if (records.length < most && (cell !== "" || record.length > 0)) endRecord();
	return records;
}
