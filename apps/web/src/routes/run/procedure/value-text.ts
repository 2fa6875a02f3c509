/** A value to read. Like YAML, since texts of several lines are what devices say: those stand as they are. */
export function valueText(value: unknown, indent = ""): string {
	if (typeof value === "string") {
		return value.includes("\n") ? `|\n${value.trimEnd().replace(/^/gm, indent)}` : value;
	}
	if (typeof value !== "object" || value === null) return String(value);
	const entries = Object.entries(value);
	if (entries.length === 0) return Array.isArray(value) ? "[]" : "{}";
	if (!hasLongText(value)) {
		const json = JSON.stringify(value);
		if (json.length + indent.length <= 80 && indent !== "") return json;
	}
	return entries
		.map(([key, part], index) => {
			const isDeep = typeof part === "object" && part !== null;
			const text = valueText(part, `${indent}  `);
			const lead = `${indent === "" && index === 0 ? "" : "\n"}${indent}${Array.isArray(value) ? "-" : `${key}:`}`;
			return isDeep && text.startsWith("\n") ? `${lead}${text}` : `${lead} ${text}`;
		})
		.join("");
}

function hasLongText(value: object): boolean {
	return Object.values(value).some((part) =>
		typeof part === "string" ? part.includes("\n") : typeof part === "object" && part !== null && hasLongText(part),
	);
}
