const byteOrderMark = "\uFEFF";

/** One cell of a CSV file (RFC 4180). What a spreadsheet would run as a formula is marked as text with a `'`. */
function csvCell(text: string): string {
	const harmless = /^[=+\-@\t\r\n']/.test(text) ? `'${text}` : text;
	return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}

export function csvText(rows: readonly (readonly string[])[]): string {
	return `${byteOrderMark}${rows.map((row) => `${row.map(csvCell).join(",")}\r\n`).join("")}`;
}

/** Lets the browser save a text as a file; a long one may come in parts. */
export function saveText(name: string, text: string | readonly string[], type = "text/plain"): void {
	const address = URL.createObjectURL(
		new Blob(typeof text === "string" ? [text] : [...text], { type: `${type};charset=utf-8` }),
	);
	const link = document.createElement("a");
	link.href = address;
	link.download = name;
	link.click();
	URL.revokeObjectURL(address);
}
