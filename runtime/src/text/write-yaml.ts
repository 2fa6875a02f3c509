import { stringify } from "yaml";

/** A value as people write YAML: texts of several lines as blocks, no line folded. */
export function writeYaml(value: unknown): string {
	return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}
